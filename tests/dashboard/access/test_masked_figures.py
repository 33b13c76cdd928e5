"""Cards and charts over masked columns: computed where they are right for the person, left out by name elsewhere."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from other_fields import FIELDS, published

from dashboard.errors import RefusedSql
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.model.access.table_view import EVERYTHING, TableView
from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.semantic_model import SemanticModel, semantic_model_from
from dashboard.overview.document.board import board_document
from dashboard.overview.document.chart import Scene
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model import Dataset
from dataset_model.columns.column import Mask

COLUMNS = {
    "order_id": {"type": "string", "role": "key"},
    "line_id": {"type": "string", "role": "key"},
    "placed_at": {"type": "timestamp"},
    "region": {"type": "string", "role": "dimension"},
    "phone": {"type": "string"},
    "amount": {"type": "decimal(12,2)"},
    "seconds": {"type": "double"},
}
SOURCE = {
    "table": "orders",
    "index": "by-day",
    "partition_key": "kind",
    "partition_values": ["A"],
    "sort_key": "placed_at",
}


def dataset(**dashboard: Any) -> Dataset:
    """Return a dataset with this `dashboard` section."""
    columns = [{"name": name, "attribute": name, **more} for name, more in COLUMNS.items()]
    return Dataset.model_validate({"name": "orders", "source": SOURCE, "columns": columns, "dashboard": dashboard})


def seen(masks: dict[str, Mask], **dashboard: Any) -> SemanticModel:
    """Return what a person sees with these masks."""
    return semantic_model_from(dataset(**dashboard), None, TableView(masks, "key"))


MEASURES = [
    {"aggregate": "sum", "column": "amount"},
    {"aggregate": "mean", "column": "amount"},
    {"aggregate": "min", "column": "amount"},
    {"aggregate": "max", "column": "amount"},
    {"aggregate": "median", "column": "amount"},
    {"aggregate": "distinct", "column": "amount"},
    {"aggregate": "count", "where": "amount >= 500"},
    {"aggregate": "share", "where": "amount IS NULL"},
    {"aggregate": "share", "where": "region = 'North' OR NOT (amount BETWEEN 1 AND 2)"},
    {"aggregate": "sum", "column": "seconds", "where": "amount IN (1, 2)"},
    {"aggregate": "distinct", "column": "order_id", "where": "amount < 5"},
]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: " ".join(map(str, measure.values())))
def test_a_measure_of_a_hidden_column_is_left_out_by_name(measure):
    """Every aggregate, and every condition that names the column: no figure of NULLs, on no card and no chart."""
    model = seen(
        {"amount": "hidden"},
        measures=[{"name": "it", "label": "It", **measure}],
        cards=[{"measure": "rows", "label": "Orders"}, {"measure": "it"}],
        charts=[
            {"kind": "bar", "by": "day", "title": "Orders per day"},
            {"kind": "bar", "by": "region", "measure": "it"},
        ],
    )
    assert [card.label for card in model.cards] == ["Orders"]
    assert [chart.title for chart in model.charts] == ["Orders per day"]
    assert model.not_drawn == (
        "chart It by region: its column amount is masked for you",
        "card It: its column amount is masked for you",
    )
    assert "amount" not in model.measured_columns
    assert all("amount" not in (term.column, term.condition) for term in model.terms)


@pytest.mark.parametrize("sides", [("turnover", "pieces"), ("pieces", "turnover"), ("turnover", "rows")])
def test_a_ratio_with_a_masked_side_is_left_out(sides):
    """Above or below the line."""
    model = seen(
        {"amount": "hidden"},
        measures=[
            {"name": "it", "aggregate": "ratio", "of": sides[0], "per": sides[1]},
            {"name": "turnover", "aggregate": "sum", "column": "amount"},
            {"name": "pieces", "aggregate": "sum", "column": "seconds"},
        ],
        cards=[{"measure": "pieces"}, {"measure": "it"}],
    )
    assert [card.measure for card in model.cards] == ["pieces"]
    assert model.not_drawn == ("card It: its column amount is masked for you",)


@pytest.mark.parametrize("measure", ["sum", "mean", "min", "max", "median"])
@pytest.mark.parametrize("mask", ["hash", "last4"])
def test_numbers_as_texts_are_not_measured(measure, mask):
    """A digest and last characters of a number are texts: no sum, and no largest of them."""
    cards = [{"measure": measure, "column": "amount", "label": "It"}, {"measure": "rows", "label": "Rows"}]
    model = seen({"amount": mask}, cards=cards)
    assert [card.measure for card in model.cards] == ["rows"]
    assert len(model.not_drawn) == 1


def test_distinct_counts_of_digests_are_right_and_of_others_left_out():
    """Equal values have equal digests; last characters merge values, and NULLs are none."""
    cards = [{"measure": "distinct", "column": "phone", "label": "Phones"}, {"measure": "rows", "label": "Rows"}]
    drawn = {
        mask: [card.label for card in seen({"phone": mask}, cards=cards).cards] for mask in ("hash", "last4", "hidden")
    }
    assert drawn == {"hash": ["Phones", "Rows"], "last4": ["Rows"], "hidden": ["Rows"]}


@pytest.mark.parametrize(
    ("where", "is_drawn"), [("region = 'North'", True), ("phone <> ''", False), ("phone IS NOT NULL", False)]
)
def test_a_condition_on_a_digest_is_left_out(where, is_drawn):
    """A condition means the values; one on other columns narrows a count of digests as it does one of values."""
    measures = [{"name": "it", "aggregate": "distinct", "column": "phone", "where": where}]
    cards = [{"measure": "rows", "label": "Rows"}, {"measure": "it"}]
    assert (len(seen({"phone": "hash"}, measures=measures, cards=cards).cards) == 2) is is_drawn


@pytest.mark.parametrize("mask", ["hash", "last4", "hidden"])
@pytest.mark.parametrize("chart", [{"kind": "bar", "by": "phone"}, {"kind": "stacked", "by": "day", "split": "phone"}])
def test_a_chart_by_a_masked_column_is_left_out(mask, chart):
    """As its dimension and as what splits it; nor is the column a filter."""
    model = seen(
        {"phone": mask},
        dimensions=["phone", "region"],
        charts=[{"title": "Calls", **chart}, {"kind": "bar", "by": "region"}],
    )
    assert [each.by for each in model.charts] == ["region"]
    assert model.dimensions == ("region",)
    assert model.not_drawn == ("chart Calls: its column phone is masked for you",)


def test_the_hour_of_a_masked_time_is_left_out():
    """The hour is read from the sort key; days, weeks and months are of the partition and stay."""
    charts = [{"kind": "bar", "by": "hour", "title": "Hours"}, {"kind": "bar", "by": "weekday", "title": "Weekdays"}]
    model = seen({"placed_at": "hidden"}, dimensions=["hour", "month"], charts=charts)
    assert model.dimensions == ("month", "weekday")
    assert model.not_drawn == ("chart Hours: its column placed_at is masked for you",)
    assert "hour" in semantic_model_from(dataset(charts=charts), None).dimensions


@pytest.mark.parametrize("mask", ["last4", "hidden"])
def test_no_other_column_takes_the_role_of_a_masked_one(mask):
    """Orders are not counted by another key, nor regions by another dimension; the words stay."""
    words = {"entities": {"one": "order", "many": "orders"}}
    model = seen({"order_id": mask, "region": mask}, **words)
    assert (model.entity, model.agent, model.channel, model.method) == (None, None, None, None)
    assert model.words.entity.many == "orders"
    assert [card.label for card in model.cards] == ["Total rows"]
    assert seen({"order_id": "hash"}, **words).entity == "order_id"


def test_nothing_is_left_out_for_those_who_see_everything():
    """The right unmask, and a file without masks."""
    section = {
        "measures": [{"name": "it", **MEASURES[0]}],
        "cards": [{"measure": "it"}],
        "charts": [{"kind": "bar", "by": "phone"}],
    }
    model = semantic_model_from(dataset(**section), None, EVERYTHING)
    assert (len(model.cards), len(model.charts), model.not_drawn) == (1, 1, ())


MAP = RoleMap("groups", grants_from("clear=analyst+unmask, masked=analyst"))
MASKED, SEES = (Requester(name, name, roles=MAP.roles_of({"groups": [name]})) for name in ("masked", "clear"))


@pytest.fixture(scope="module")
def orders(standin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The orders of another field, their amounts hidden and their numbers digests."""
    _, variables = published(standin_url, "orders")
    text = (FIELDS / "orders.yaml").read_text(encoding="utf-8")
    for name, mask in {"order_id": "hash", "amount": "hidden"}.items():
        text = text.replace(f"{{name: {name},", f"{{name: {name}, mask: {mask},")
    more = "{label: Unique, measure: distinct, column: order_id}, {label: Pieces, measure: sum, column: items}"
    text = text.replace("  cards: [", f"  cards: [{more}, ")
    file = tmp_path_factory.mktemp("orders") / "orders.yaml"
    file.write_text(text, encoding="utf-8")
    made = Service(settings_from_environment({**variables, "DATASET": str(file)}))
    yield made
    made.close()


DAYS = Days(dt.date(2026, 3, 5), dt.date(2026, 3, 12))


def test_the_figures_that_are_shown_are_those_of_everybody(orders):
    """Of eight days: unique orders by their digests, items, the share of the paid, by region too."""
    shown = {}
    for who in (SEES, MASKED):
        with acting_for(who):
            overview = orders.overview("orders", Filters(DAYS))
            cards = {card.label: (card.value, card.previous, card.series) for card in overview.cards}
            model = orders.model("orders")
            charts = {
                chart.title: set(overview.measured[place].bins)
                for place, chart in enumerate(model.charts)
                if place in overview.measured
            }
            shown[who.name] = cards, charts, overview.by("region"), overview.by_day
    cards, charts, *counts = shown["masked"]
    assert list(cards) == ["Unique", "Pieces", "Paid"]
    assert list(charts) == ["Paid by sales region"]
    assert cards == {label: shown["clear"][0][label] for label in cards}
    assert charts == {title: shown["clear"][1][title] for title in charts}
    assert counts == list(shown["clear"][2:])
    assert cards["Unique"][0] > 50


def test_a_filter_leaves_masked_figures_out_too(orders):
    """The statement that leaves a chart's own filter open reads no masked column, and counts what everybody counts."""
    filters = Filters(DAYS, (("region", ("North", None)), ("weekday", ("1", "4"))))
    found = {}
    for who in (SEES, MASKED):
        with acting_for(who):
            overview = orders.overview("orders", filters)
            states = orders.value_counts("orders", filters, "state")
            found[who.name] = overview.total_rows, overview.by("region"), states
    assert found["masked"] == found["clear"]
    assert found["masked"][0] > 0
    with acting_for(MASKED):
        assert all("amount" not in (statement.columns or ()) for statement in overview.statements)


def test_the_board_names_what_is_left_out_and_its_column(orders):
    """A badge counts the parts and names each with its column: none is missing in silence."""
    with acting_for(MASKED):
        overview = orders.overview("orders", Filters(DAYS))
        document = board_document(Scene(orders.model("orders"), Filters(DAYS), overview, overview, {}), ())
    badge = document["badges"][-1]
    assert badge["text"] == "8 parts not drawn"
    assert "card Revenue: its column amount is masked for you" in badge["help"]
    assert "chart Mean basket per week: its column amount is masked for you" in badge["help"]
    assert [card["label"] for card in document["cards"]] == ["Unique", "Pieces", "Paid"]


@pytest.mark.parametrize("suffix", ["_base", "_changes", "_live", "_answers", "_csv"])
def test_tables_of_the_same_rows_by_other_names_are_refused(orders, suffix):
    """The tables and views of changes, answers and other targets hold clear values, so no statement reaches them."""
    database = orders.settings.datasets[0].target.database
    for name in (f"orders{suffix}", f"{database}.orders{suffix}", f'awsdatacatalog."{database}"."orders{suffix}"'):
        for who in (MASKED, SEES):
            with acting_for(who), pytest.raises(RefusedSql):
                orders.prepare("orders", QueryRequest("custom_sql", 10, sql=f"SELECT * FROM {name}"))


@pytest.mark.parametrize("mask", ["hash", "hidden"])
def test_rows_are_not_grouped_by_the_hour_of_a_masked_time(mask):
    """Every hour would be empty, or the query fail: the time of the sort key has no hour for this person."""
    assert "hour" in seen({}).groupings
    assert "hour" not in seen({"placed_at": mask}).groupings
    assert seen({"placed_at": mask}).groupings[:2] == ("day", "week")
