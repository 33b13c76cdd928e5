"""Groups by two columns and all of their totals, of every measure of three fields, against their files in DuckDB."""

from collections.abc import Iterator

import pytest
from duckdb_reading import is_close
from field_subject import EXPRESSIONS, Subject, subject_of
from other_fields import WINDOW

from dashboard.model.grouping.question import GroupBy
from dashboard.model.grouping.statement import group_statement
from dashboard.model.selection.filters import Filters, Range
from dashboard.results.grouped.answer import GroupedAnswer

BY = {"orders": ("region", "weekday"), "sensors": ("firmware", "hour"), "tickets": ("priority", "month")}
FILTERS = {
    "orders": Filters(None, (("region", (None, "North")),), (("amount", Range("-1", "900.5")),)),
    "sensors": Filters(None, (), (("temperature", Range("-10.5", "30")),)),
    "tickets": Filters(None, (("topic", (None, "topic 04", "topic 09")),)),
}


@pytest.fixture(scope="module", params=BY)
def subject(
    request: pytest.FixtureRequest, standin_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    with subject_of(request.param, standin_url, tmp_path_factory.mktemp(request.param)) as found:
        yield found


def test_every_cell_and_every_total_is_over_its_own_rows(subject: Subject):
    """Totals of means, medians, shares, ratios and distinct counts are computed, not added; null groups too."""
    model, by = subject.service.model(subject.name), BY[subject.name]
    filters = FILTERS[subject.name]
    where = subject.condition(WINDOW, dict(filters.picks), filters.ranges)
    names = [subject.sql(each) for each in by]
    for measure in ("rows", *(declared.name for declared in model.declared)):
        asked = GroupBy(measure, None, by, filters)
        statement = group_statement(model, asked, WINDOW, 5_000)
        answer = GroupedAnswer(subject.service.start(subject.name, statement).outcome().table, asked, model)
        read = f"{EXPRESSIONS[measure]} FROM t WHERE {where}"
        expected = {
            (answer.cell, (one, other)): figure
            for one, other, figure in subject.reading.all(f"SELECT {', '.join(names)}, {read} GROUP BY 1, 2")
        }
        for place, name in enumerate(names):
            found = subject.reading.all(f"SELECT {name}, {read} GROUP BY 1")
            expected |= {(answer.total, (place, value)): figure for value, figure in found}
        expected[answer.total, ()] = subject.reading.all(f"SELECT {read}")[0][0]
        assert len(expected) > 10
        for (cell_of, values), figure in expected.items():
            cell = cell_of(*values)
            assert cell is not None, (measure, values)
            assert is_close(cell.value, figure), (measure, values, cell, figure)
