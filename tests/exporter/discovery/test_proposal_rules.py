"""What a proposal says of types, names and persons: each rule with literal examples."""

import datetime as dt

import pytest

from dataset_model import dataset_from_text
from dataset_model.columns.types import ColumnType
from exporter.decoding.timestamps import Clock
from exporter.discovery.dataset_file import proposal_text
from exporter.discovery.naming import column_names, snake_case, title
from exporter.discovery.personal_data import is_personal
from exporter.discovery.profile import AttributeProfile, Item, sampled
from exporter.discovery.proposal import Proposal, contradiction, proposed_columns, proposed_type
from exporter.discovery.table_survey import IndexKeys
from exporter.planning.sort_key import SortKey
from exporter.values.attribute_values import AttributeValue

LATEST = dt.date(2027, 12, 31)
KEYS = IndexKeys("prod-ContactRecords", "by-kind", "kind", "at", "S", ("contactId",))


def profile(*values: AttributeValue) -> AttributeProfile:
    found = AttributeProfile()
    for value in values:
        found.add(value, LATEST)
    return found


def numbers(*texts: str) -> list[AttributeValue]:
    return [AttributeValue(N=text) for text in texts]


@pytest.mark.parametrize(
    ("declared", "good", "odd", "reason"),
    [
        ("double", {"N": "1.5"}, {"S": "n/a"}, "8 of 400 values are texts that are not numbers"),
        ("bigint", {"N": "1"}, {"S": "1.5"}, "8 of 400 values have a fraction"),
        ("bigint", {"S": "1"}, {"S": "one"}, "8 of 400 values are texts that are not numbers"),
        ("decimal(5,2)", {"N": "1.25"}, {"S": "1.257"}, "8 of 400 values have more than 2 decimals"),
        ("double", {"N": "1"}, {"BOOL": True}, "8 of 400 values are BOOL, which double does not take"),
        ("timestamp", {"S": "2026-02-16T10:00:00Z"}, {"S": "soon"}, "8 of 400 values are not readable as timestamp"),
        ("date", {"N": "20260216"}, {"N": "99999999999"}, "8 of 400 values are not readable as date"),
        ("boolean", {"BOOL": True}, {"S": "true"}, "8 of 400 values are S, which boolean does not take"),
    ],
)
def test_two_values_in_a_hundred_contradict_a_type(declared, good, odd, reason):
    """Two per cent of values that an export would null contradict any type; one per cent does not."""
    values = [AttributeValue(**good)] * 392 + [AttributeValue(**odd)] * 8
    assert contradiction(ColumnType.parse(declared), profile(*values)) == reason
    values = [AttributeValue(**good)] * 396 + [AttributeValue(**odd)] * 4
    assert contradiction(ColumnType.parse(declared), profile(*values)) is None


def test_a_columns_own_format_decides_what_contradicts_it():
    """A date column with a `format` agrees with texts in that format, and disagrees with others."""
    found = profile(AttributeValue(S="03/04/2026"))
    key = SortKey("ISO", dt.UTC, "S", 2027)  # type: ignore[arg-type] - any zone does
    assert contradiction(ColumnType.parse("date"), found, Clock(key, date_format="%d/%m/%Y")) is None
    assert contradiction(ColumnType.parse("date"), found, Clock(key)) == "1 of 1 values are not readable as date"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["12.5", "3", "0.99"], "decimal(38,2)"),
        (["12.5"], "decimal(38,2)"),
        (["0.125", "7"], "decimal(38,3)"),
        (["0.1234"], "double"),
        (["1", "2"], "bigint"),
        (["1E+36", "0.5"], "double"),
        (["-0.05"], "decimal(38,2)"),
    ],
)
def test_amounts_are_decimals(values, expected):
    """Numbers of at most three decimals are proposed as decimal, because only then their sums are exact."""
    assert str(proposed_type("Price", profile(*numbers(*values)))[0]) == expected


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("contactId", "contact_id"),
        ("ContactID", "contact_id"),
        ("InitiationTimestamp", "initiation_timestamp"),
        ("HTTPStatusCode", "http_status_code"),
        ("already_snake", "already_snake"),
        ("Line2Text", "line2_text"),
        ("1st: attr", "_1st__attr"),
        ("UPPER", "upper"),
        ("\u00dcber", "_ber"),
    ],
)
def test_names_are_snake_case(attribute, name):
    """Words that capitals separate are separated by `_`; the rest is as for any column."""
    assert snake_case(attribute) == name


def test_names_that_meet_are_numbered():
    """Two attributes with one snake_case name, a reserved name and a name that is taken all get names of their own."""
    assert column_names(["contactId", "contact_id", "year", "ContactID", "contact_id_2"]) == {
        "contactId": "contact_id",
        "contact_id": "contact_id_2",
        "year": "year_2",
        "ContactID": "contact_id_3",
        "contact_id_2": "contact_id_2_2",
    }


@pytest.mark.parametrize(
    ("attribute", "values", "expected"),
    [
        ("contact", ["ann@example.com", "bob@example.org"], True),
        ("customerEmail", [], True),
        ("e_mail", ["x"], True),
        ("destination", ["+49 151 1234567", "+44 20 7946 0000"], True),
        ("destination", ["0151 1234567"], True),
        ("phoneNumber", [], True),
        ("customer", ["c-17"], True),
        ("customerName", ["Ann"], True),
        ("lastName", ["Smith"], True),
        ("name", ["Ann Smith", "Bob Jones"], True),
        ("name", ["Sales", "Support"], False),
        ("productName", ["Blue Chair", "Red Table"], True),
        ("AgentName", ["Ann Smith"], False),
        ("agent", ["Ann"], False),
        ("agentEmail", ["ann@example.com"], True),
        ("paymentMethod", ["Bank Transfer", "Credit Card"], False),
        ("city", ["New York", "San Jose"], False),
        ("releaseDate", ["2026-02-16"], False),
        ("version", ["1.2.3"], False),
        ("channel", ["VOICE", "CHAT"], False),
        ("emailCount", ["1"], True),
    ],
)
def test_what_identifies_a_person_is_known_by_name_or_value(attribute, values, expected):
    """E-mail addresses, names and numbers of persons are recognised; where in doubt, no dimension is proposed."""
    assert is_personal(attribute, values) is expected


def proposal(*items: Item) -> Proposal:
    sample = sampled(items, LATEST)
    return Proposal(
        "prod_contact_records", KEYS, ("A",), "as given", "ISO", "x", proposed_columns(sample, KEYS, "ISO"), len(items)
    )


def contacts() -> list[Item]:
    return [
        {
            "contactId": AttributeValue(S=f"c-{number}"),
            "kind": AttributeValue(S="A"),
            "at": AttributeValue(S=f"2026-02-1{number}T10:00:00Z"),
            "queueName": AttributeValue(S=["Sales", "Support"][number % 2]),
            "customerEmail": AttributeValue(S=["a@b.cd", "e@f.gh"][number % 2]),
            "customerPhone": AttributeValue(N="491511234567"),
            "orderTotal": AttributeValue(N=f"{number}.5"),
        }
        for number in range(8)
    ]


def test_a_fresh_file_has_title_names_and_a_dashboard():
    """A proposal has a title, snake_case names and a first page; no column of a person is a dimension or measure."""
    text = proposal_text(proposal(*contacts()), "dataset.schema.json")
    dataset = dataset_from_text(text, "proposed.yaml")
    assert (dataset.name, dataset.title) == ("prod_contact_records", "Prod contact records")
    assert {column.name: column.role for column in dataset.columns} == {
        "contact_id": "key",
        "kind": "dimension",
        "at": None,
        "customer_email": None,
        "customer_phone": None,
        "order_total": "measure",
        "queue_name": "dimension",
    }
    assert {column.name: column.mask for column in dataset.columns if column.mask} == {
        "customer_email": "hash",
        "customer_phone": "hidden",
    }
    assert dataset.dashboard.entity == "contact_id"
    assert [(card.label, card.measure, card.column) for card in dataset.dashboard.cards] == [
        ("Rows", "rows", None),
        ("Total order total", "sum", "order_total"),
    ]
    assert [(chart.title, chart.by) for chart in dataset.dashboard.charts] == [
        ("Rows per day", "day"),
        ("Rows by kind", "kind"),
        ("Rows by queue name", "queue_name"),
    ]


@pytest.mark.parametrize(("name", "expected"), [("agent_name", "Agent name"), ("_1st__attr", "1st attr"), ("a", "A")])
def test_a_title_is_words(name, expected):
    """A title has blanks for underscores and begins with a capital."""
    assert title(name) == expected
