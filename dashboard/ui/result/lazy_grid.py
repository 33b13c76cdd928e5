"""Page requests of the grid flow in, rows of the shared result flow out, sorted and searched on the server.

By default Streamlit sends a small table completely, and the browser sorts numbers as texts and NULL as 0; of a large
table it stores a copy per session, and a second one after a sort. Its row sources are not public yet, which is one
more reason for the pinned minor version; without the hooks, and in tests without a browser, the grid gets a frame.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from streamlit.dataframe import lazy_df_adapters, lazy_df_source
from streamlit.dataframe.lazy_df_source import AccessMode, SortSpec

from dashboard.model.result import Rows
from dashboard.results.exact_text import shown
from dashboard.results.time_zones import UTC


class Pages:
    """Rows by position, as `streamlit.dataframe.lazy_df_source.DataframeSource`; it stores no rows.

    With `text`, only the rows that contain it in one of the columns.
    """

    sortable = True
    access_mode = AccessMode.RANDOM_ACCESS

    def __init__(self, rows: Rows, columns: Sequence[str], text: str = "", zone: str = UTC) -> None:
        self._rows = rows
        self._columns = tuple(columns)
        self._text = text
        self._zone = zone
        self.row_count = len(self._found()) if text else int(rows.table().num_rows)
        self.schema: pa.Schema = pa.schema([(name, pa.string()) for name in columns])

    def load_rows(self, offset: int, limit: int, *, sort: SortSpec | None = None) -> pa.Table:
        """Return rows of the result, or of the result in the order of a column, each value as exact text."""
        table, first, count = self._rows.table().select(self._columns), max(0, offset), max(0, limit)
        places = self._found() if self._text else None
        if sort is not None and sort.column in self._columns:
            order = self._rows.order(sort.column, descending=sort.descending)
            places = order if places is None else order.filter(pc.is_in(order, places))
        part = table.slice(first, count) if places is None else table.take(places.slice(first, count))
        return shown(part, self._zone)

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows, for a grid without lazy loading."""
        frame: pd.DataFrame = self.load_rows(0, self.row_count).to_pandas()
        return frame

    def _found(self) -> pa.Array:
        return self._rows.holding(self._text, self._columns, self._zone)


def _source(data: object) -> Any:
    return data if isinstance(data, Pages) else _native(data)


_native = lazy_df_adapters.try_create_native_source
lazy_df_adapters.try_create_native_source = _source
# Lazy for every size: otherwise small tables would be sorted by the browser, in another order.
lazy_df_source.FORCED_LAZY_MIN_ROWS = 0  # type: ignore[misc]
