"""The order in which rows are shown: total, so that a limit and a page never lose or double a row."""

import re
from pathlib import Path

import pytest

from dashboard.model.selection.filters import Filters
from dashboard.model.semantic_model import semantic_model_from
from dashboard.model.statements import rows_statement
from dataset_model import load_dataset

FIELDS = Path(__file__).parents[1] / "fields"


@pytest.mark.parametrize("name", ["contacts", "orders", "sensors", "tickets"])
def test_rows_that_are_shown_differently_have_one_order(name: str):
    """Every column of the table decides, each once: rows that none tells apart are alike in all that is shown."""
    model = semantic_model_from(load_dataset(name if name == "contacts" else str(FIELDS / f"{name}.yaml"), {}), None)
    order = rows_statement(model, Filters(), 10).sql.rpartition(" ORDER BY ")[2]
    assert sorted(re.findall(r'"([^"]+)" (?:ASC|DESC)', order)) == sorted(column.name for column in model.columns)
    assert order.startswith('"year" DESC, "month" DESC, "day" DESC')


def test_the_latest_row_of_a_day_stands_first():
    """Then what is counted decides, then the other columns in their order."""
    model = semantic_model_from(load_dataset(str(FIELDS / "tickets.yaml"), {}), None)
    assert rows_statement(model, Filters(), 10).sql.endswith(
        ' ORDER BY "year" DESC, "month" DESC, "day" DESC, "opened" DESC NULLS LAST, "ticket" ASC NULLS LAST, '
        '"topic" ASC NULLS LAST, "priority" ASC NULLS LAST, "answer_seconds" ASC NULLS LAST LIMIT 11'
    )
