"""Names of columns as people read them: the noun of an id, its plural, and abbreviations."""

from pathlib import Path

import pytest

from dashboard.model.english import plural_of, split_name, without_id, words_in
from dashboard.model.semantic_model import semantic_model_from
from dataset_model import dataset_from_text

PLURALS = [line.split(" = ") for line in (Path(__file__).parent / "plurals.txt").read_text("utf-8").splitlines()]
"""Adding a name is adding a line."""
LABELS = {
    "deviceid": "device ID",
    "orderids": "order IDs",
    "order_ids": "order IDs",
    "api_urls": "API URLs",
    "humid": "humid",
    "paid": "paid",
    "id": "ID",
    "iot_sms": "IoT SMS",
}


@pytest.mark.parametrize(("name", "many"), PLURALS)
def test_plurals_are_good_english(name: str, many: str):
    """Irregular words, abbreviations, ids and yes or no; words of another language get no English ending."""
    assert plural_of(without_id(name)) == many


@pytest.mark.parametrize(("name", "label"), LABELS.items())
def test_labels_have_their_words_apart(name: str, label: str):
    """An id that is written together with its word is a word of its own."""
    assert words_in(name) == label


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("queueWaitTime", "queue_wait_time"),
        ("HTTPStatus", "http_status"),
        ("CustomerID", "customer_id"),
        ("Straße", "straße"),
        ("Größe", "größe"),
        ("ÄnderungsDatum", "änderungs_datum"),
        ("first-name", "first_name"),
        ("plain", "plain"),
    ],
)
def test_an_attribute_has_its_words_apart(attribute: str, name: str):
    """Capitals, dashes and dots begin a word; letters of other languages stay."""
    assert split_name(attribute) == name


def test_labels_come_from_attributes_where_columns_have_lost_their_words():
    """Glue's names are lower case and ASCII alone: `queuewaittime`, `stra_e`. What is true or false has no plural."""
    model = semantic_model_from(
        dataset_from_text(
            "name: calls\n"
            "source: {table: calls, index: by-p, partition_key: p, partition_values: [x], sort_key: at}\n"
            "columns:\n"
            "  - {name: queuewaittime, attribute: queueWaitTime, type: string}\n"
            "  - {name: stra_e, attribute: Straße, type: string, role: dimension}\n"
            "  - {name: paid, attribute: paid, type: boolean, role: dimension}\n"
            "  - {name: clerk, attribute: soldBy, type: string}\n"
            "target: {prefix: exports/calls, table: calls}\n",
            "calls.yaml",
        ),
        None,
    )
    labels = [model.words.label(name) for name in ("queuewaittime", "stra_e", "clerk")]
    assert labels == ["queue wait time", "straße", "clerk"]
    assert [chart.title for chart in model.charts] == ["Rows per day", "Straße values", "Paid: yes or no"]
