"""Columns that are derived by a function of the test's own."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from dataset_model import dataset_from_text
from dataset_model.columns.types import ColumnType
from dataset_model.derivations import Derivation
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.derivations import Deriver
from exporter.decoding.schema import initial_schema
from exporter.planning.sort_key import SortKey

NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
HEAD = "name: calls\nsource: {kind: scan, table: calls, date_attribute: At}\nundeclared: ignore\ncolumns:\n"


class Functions:
    """A deriver of one function, and the calls that it was given."""

    def __init__(self, function, batch: int = 0) -> None:
        self.calls: list = []

        def counted(*given):
            self.calls.append(given[-1] if batch else given)
            return function(*given)

        known = Derivation("f", ("x",), ColumnType("string"), "", batch, {}, counted)
        self.deriver = Deriver({"f": known}, "resources", lambda: None)


def decoder(deriver: Deriver, column_type: str = "string", inputs: str = "x", more: str = "") -> PageDecoder:
    text = f'{HEAD}- {{name: d, type: "{column_type}", derive: f, from: [{inputs}]}}\n{more}'
    dataset = dataset_from_text(text, "calls.yaml")
    sort_key = SortKey("ISO", ZoneInfo("UTC"), "S", 2027)
    return PageDecoder(initial_schema(dataset, None, NOW), dataset, sort_key, ("Id",), deriver=deriver)


def page_of(made: PageDecoder, *items: dict):
    present = [{"At": {"S": "2026-02-16T09:58:00Z"}, "Id": {"S": str(n)}} | item for n, item in enumerate(items)]
    return made.decode(json.dumps({"Items": present}).encode())


def derived(page) -> list:
    return page.rows.column("d").to_pylist()
