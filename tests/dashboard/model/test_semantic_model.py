"""Which columns play a part on the pages, said by the file or inferred."""

import pytest

from dashboard.model.query_types import available_query_types
from dashboard.model.semantic_model import semantic_model_from
from dashboard.model.vocabulary import noun_for, plural_of
from dataset_model import DatasetError, dataset_from_environment, dataset_from_text, load_dataset
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema

HEAD = (
    "name: orders\nsource: {table: orders, index: by-day, partition_key: shop, partition_values: [a], sort_key: at}\n"
)
VARIABLES = {
    "DYNAMO_TABLE_NAME": "things",
    "GSI_NAME": "by-day",
    "GSI_PK_ATTRIBUTE": "kind",
    "GSI_PK_VALUE": "a",
    "GSI_SK_ATTRIBUTE": "at",
}


def published(dataset, *names):
    """A schema of string columns."""
    columns = tuple(SchemaColumn(name=name, attribute=name.title(), type="string") for name in names)
    return TableSchema(
        dataset=dataset.name,
        source=SourceIdentity.of(dataset),
        columns=columns,
        updated_at="2026-01-01T00:00:00Z",
    )


def test_the_file_has_the_last_word():
    """Contacts: every part as contacts.yaml names it, four cards and four charts."""
    model = semantic_model_from(load_dataset("contacts", {}), None)
    assert (model.entity, model.agent, model.channel, model.method) == (
        "contact_id",
        "agent_name",
        "channel",
        "initiation_method",
    )
    assert (len(model.cards), len(model.charts)) == (4, 4)
    assert model.dimensions == (
        "channel",
        "agent_name",
        "initiation_method",
        "agent_routing_profile",
        "queue",
        "original_contact_channel",
        "disconnect_reason",
        "sentiment",
    )
    assert model.counted_dimensions == ("channel", "agent_name", "initiation_method")
    assert [column.name for column in model.columns[-3:]] == ["year", "month", "day"]


def test_a_key_column_is_the_entity():
    """Where the file says nothing, the column with the role `key` is what is counted once."""
    text = HEAD + "columns: [{name: number, attribute: Number, type: string, role: key}]"
    assert semantic_model_from(dataset_from_text(text, "orders.yaml"), None).entity == "number"


def test_names_that_everybody_uses_are_recognised():
    """A table described by variables alone gets cards and charts from its published columns."""
    dataset = dataset_from_environment(VARIABLES)
    model = semantic_model_from(
        dataset, published(dataset, "contactid", "agent", "channel", "initiationmethod", "other")
    )
    assert (model.entity, model.agent, model.channel, model.method) == (
        "contactid",
        "agent",
        "channel",
        "initiationmethod",
    )
    assert [chart.by for chart in model.charts] == ["day", "channel", "agent", "initiationmethod"]
    assert [card.label for card in model.cards] == ["Total rows", "Unique contacts", "Channels", "Agents"]


SHOP = HEAD + (
    "columns: [{name: order_id, attribute: OrderId, type: string, role: key}, "
    "{name: state, attribute: State, type: string, role: dimension}, "
    "{name: agent, attribute: Agent, type: string, role: dimension}, "
    "{name: city, attribute: City, type: string, role: dimension}]\n"
)


def test_declared_dimensions_become_charts_and_filters():
    """Where the file names no part, its dimensions are the parts, and cards and charts are called after them."""
    model = semantic_model_from(dataset_from_text(SHOP, "orders.yaml"), None)
    assert (model.channel, model.agent, model.method) == ("state", "agent", "city")
    assert [card.label for card in model.cards] == ["Total rows", "Unique orders", "States", "Agents"]
    assert [(chart.title, chart.kind) for chart in model.charts] == [
        ("Orders per day", "bar"),
        ("States", "bar"),
        ("Agents", "bar"),
        ("Cities", "bar"),
    ]


def test_a_file_that_names_one_part_has_said_all():
    """A file that declares one role declares them all: the others are not inferred."""
    model = semantic_model_from(dataset_from_text(f"{SHOP}dashboard: {{channel: city}}\n", "orders.yaml"), None)
    assert (model.channel, model.agent, model.method) == ("city", "agent", None)


def test_query_types_are_called_after_the_datasets_columns():
    """By agent is by whatever the agents of this dataset are called; the ids stay what the API promises."""
    model = semantic_model_from(dataset_from_text(SHOP.replace("agent", "clerk"), "orders.yaml"), None)
    assert {kind.id: kind.title for kind in available_query_types(model)} == {
        "all_records": "All records",
        "by_date": "By date",
        "by_agent": "By clerk",
        "by_contact": "By order",
        "daily_summary": "Daily summary",
        "channel_summary": "State summary",
        "group_by": "Group by",
        "custom_sql": "Custom SQL",
    }


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("store_summaries", "By region, By store, Store summary"),
        ("top_products", "By category, By product, Product summary"),
        ("anomalies", "By metric, By store, Severity summary"),
        ("trends", "By direction, By scope, Metric summary"),
        ("recommendations", "By category, By store, Priority summary"),
        ("operations_metrics", "By entity, Kind summary"),
        ("operations_insights", "By model, By entity, Prediction summary"),
        ("calls", "By agent, By call, Direction summary"),
        ("scorecards", "By agent, By scorecard"),
        ("conversations", "By client, By conversation, Channel summary"),
        ("messages", "By role, By message, Channel summary"),
    ],
)
def test_queries_of_the_shipped_systems_are_asked_in_their_words(name, titles):
    """No two have one title, and none asks for the number of a line."""
    kinds = available_query_types(semantic_model_from(load_dataset(name, {}), None))
    assert ", ".join(kind.title for kind in kinds if kind.needs) == titles


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_table_of_strangers_still_counts_rows(names):
    """Without any part there is one card and one chart."""
    dataset = dataset_from_environment(VARIABLES)
    model = semantic_model_from(dataset, published(dataset, *names))
    assert [card.measure for card in model.cards] == ["rows"]
    assert [chart.by for chart in model.charts] == ["day"]


def test_a_part_that_was_not_published_is_none():
    """A file may name a column that an older table lacks; asking for it would fail."""
    dataset = load_dataset("contacts", {})
    model = semantic_model_from(dataset, published(dataset, "contact_id", "channel"))
    assert (model.agent, model.method, model.dimensions) == (None, None, ("channel",))
    assert [card.label for card in model.cards] == ["Total rows", "Unique contacts", "Channels"]


CUSTOM = (
    "columns: [{name: order_id, attribute: OrderId, type: string, role: key}, "
    "{name: state, attribute: State, type: string, role: dimension}, "
    "{name: paid, attribute: Paid, type: boolean}, {name: city, attribute: City, type: string}, "
    "{name: price, attribute: Price, type: double, role: measure}]\n"
)


def test_any_declared_column_is_a_dimension():
    """Those of the file in its order, then those that a chart is drawn by; only charts' and roles' are counted."""
    section = "dashboard: {dimensions: [paid, state], charts: [{title: Cities, kind: bar, by: city}]}\n"
    model = semantic_model_from(dataset_from_text(HEAD + CUSTOM + section, "orders.yaml"), None)
    assert model.dimensions == ("paid", "state", "city")
    assert model.counted_dimensions == ("state", "city")
    assert model.link_names == {"channel": "state", "paid": "paid", "state": "state", "city": "city"}


def test_a_dimension_that_is_no_column_is_refused_by_place():
    """The fault names the file's place and the column, as for a card."""
    with pytest.raises(DatasetError, match=r"dashboard\.dimensions.*a declared column"):
        dataset_from_text(f"{HEAD}{CUSTOM}dashboard: {{dimensions: [paid, town]}}\n", "orders.yaml")


def test_a_mean_comes_with_its_number_of_values():
    """The measures of the Overview are rows and the roles' distinct counts, then those of the cards, each once."""
    cards = "[{label: Mean, measure: mean, column: price}, {label: Rows}, {label: Sum, measure: sum, column: price}]"
    section = f"dashboard: {{channel: state, cards: {cards}}}\n"
    model = semantic_model_from(dataset_from_text(HEAD + CUSTOM + section, "orders.yaml"), None)
    assert [(measure.aggregate, measure.column) for measure in model.terms] == [
        ("rows", None),
        ("distinct", "order_id"),
        ("distinct", "state"),
        ("distinct", None),
        ("mean", "price"),
        ("values", "price"),
        ("sum", "price"),
    ]


@pytest.mark.parametrize(
    ("column", "many"),
    [
        ("deviceid", "devices"),
        ("device_id", "devices"),
        ("firmware", "firmware versions"),
        ("sentiment", "sentiments"),
        ("gender", "gender values"),
        ("status", "statuses"),
        ("tags", "tags"),
        ("city", "cities"),
        ("address", "addresses"),
        ("sales_person", "sales people"),
        ("sku", "SKUs"),
        ("ip_address", "IP addresses"),
        ("os", "OS values"),
        ("language", "languages"),
        ("diagnosis", "diagnoses"),
        ("main_criterion", "main criteria"),
        ("shelf", "shelves"),
        ("is_paid", "is paid: yes or no"),
        ("has_parking", "has parking: yes or no"),
        ("warehouse_id", "warehouses"),
    ],
)
def test_inferred_nouns_are_english(column, many):
    """An id is left out of a noun; what cannot be counted is counted by its values."""
    assert plural_of(noun_for("channel", column)) == many
