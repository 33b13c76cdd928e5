"""A large result as the grid fetches it: page by page from the copy that everybody shares.

Left to itself, Streamlit keeps the table of a large grid with the session, and a sorted copy of it once somebody sorts.
Its sources of rows are no public interface yet, which is one more reason for the pinned minor version; where the hook
is gone, and in tests without a browser, the grid takes the whole as a frame.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from streamlit.dataframe import lazy_df_adapters
from streamlit.dataframe.lazy_df_source import AccessMode, SortSpec

from dashboard.exact import inexact, shown
from dashboard.results import Rows


class Pages:
    """Rows by their places, as `streamlit.dataframe.lazy_df_source.DataframeSource`; it holds none of them."""

    sortable = True
    access_mode = AccessMode.RANDOM_ACCESS

    def __init__(self, rows: Rows, columns: Sequence[str]) -> None:
        self._rows = rows
        self._columns = list(columns)
        table = rows.table().select(self._columns)
        self._texts = inexact(table)
        self.row_count = int(table.num_rows)
        self.schema: pa.Schema = shown(table.slice(0, 0), self._texts).schema

    def load_rows(self, offset: int, limit: int, *, sort: SortSpec | None = None) -> pa.Table:
        """Return rows of the result, or of the result in the order of a column, each number exact."""
        table, first = self._rows.table().select(self._columns), max(0, offset)
        if sort is None or sort.column not in self._columns:
            found = table.slice(first, max(0, limit))
        else:
            places = self._rows.order(sort.column, descending=sort.descending)
            found = table.take(places.slice(first, max(0, limit)))
        return shown(found, self._texts)

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows, for a grid that fetches none."""
        frame: pd.DataFrame = self.load_rows(0, self.row_count).to_pandas()
        return frame


def _source(data: object) -> Any:
    return data if isinstance(data, Pages) else _native(data)


_native = lazy_df_adapters.try_create_native_source
lazy_df_adapters.try_create_native_source = _source
