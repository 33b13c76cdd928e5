"""The data dictionary: what is known of every column without a query, and what a query counts."""

import datetime as dt

from dashboard.model.access.table_view import TableView
from dashboard.model.selection.filters import Days
from dashboard.model.semantic_model import semantic_model_from
from dashboard.quality.data_dictionary import data_dictionary
from dashboard.quality.empty_values import counted_columns, empty_shares, empty_values_statement
from dashboard.ui.page.dictionary_table import dictionary_html, share_text
from dataset_model import dataset_from_text
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema

NOW = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
DATASET = dataset_from_text(
    """
name: calls
source: {table: calls, index: by-day, partition_key: p, partition_values: [a], sort_key: at}
columns:
  - {name: call_id, attribute: callId, type: string, role: key, label: Call}
  - {name: agent, attribute: payload.agentId, type: string, role: dimension}
  - {name: email, attribute: email, type: string, mask: hidden}
""",
    "calls.yaml",
)
SCHEMA = TableSchema(
    dataset="calls",
    source=SourceIdentity.of(DATASET),
    columns=(
        SchemaColumn(name="call_id", attribute="callId", type="string", declared=True),
        SchemaColumn(name="agent", attribute="payload.agentId", type="string", declared=True),
        SchemaColumn(name="email", attribute="email", type="string", declared=True),
        SchemaColumn(name="mood", attribute="Mood", type="bigint"),
        SchemaColumn(name="words", attribute=None, derive="transcript.words", inputs=("callId", "text"), type="bigint"),
        SchemaColumn(name="report_date", attribute=None, type="date"),
    ),
    updated_at=NOW,
)


def day(number: int, *columns: str) -> DayRecord:
    date = dt.date(2026, 2, number)
    return DayRecord(day=date, objects=(), state="closed", read_at=NOW, column_bytes=dict.fromkeys(columns, 1))


MANIFEST = Manifest(
    dataset="calls",
    location="s3://b/p/",
    time_zone="UTC",
    updated_at=NOW,
    days={
        record.day: record
        for record in (day(2, "call_id", "agent"), day(1, "call_id"), day(3, "call_id", "agent", "mood"))
    },
)


def test_every_column_says_where_it_comes_from_and_since_when():
    """Attribute, path or function; the first day with the column; what the file does not name is said to be learned."""
    model = semantic_model_from(DATASET, SCHEMA)
    entries = {entry.name: entry for entry in data_dictionary(DATASET, SCHEMA, MANIFEST, model)}
    assert {name: entry.origin for name, entry in entries.items()} == {
        "call_id": "callId",
        "agent": "payload.agentId",
        "email": "email",
        "mood": "Mood",
        "words": "transcript.words of callId, text",
        "report_date": "",
    }
    assert {name: entry.since and entry.since.day for name, entry in entries.items()} == {
        "call_id": 1,
        "agent": 2,
        "email": None,
        "mood": 3,
        "words": None,
        "report_date": None,
    }
    assert [name for name, entry in entries.items() if not entry.is_declared] == ["mood", "words", "report_date"]
    assert (entries["call_id"].label, entries["call_id"].role, entries["mood"].type) == ("Call", "key", "bigint")


def test_a_masked_column_has_no_sample():
    """Whatever values are known of it; its empty values are not counted, for it is NULL in every row that is seen."""
    model = semantic_model_from(DATASET, SCHEMA, TableView({"email": "hidden"}))
    entries = data_dictionary(DATASET, SCHEMA, MANIFEST, model)
    shown = dictionary_html(entries, {"email": ("ann@example.com",), "mood": ("<3",)}, {}, "calls")
    assert "ann@example.com" not in shown
    assert "masked (hidden)" in shown
    assert "<q>&lt;3</q>" in shown
    assert "email" not in counted_columns(model)


def test_empty_values_are_those_of_the_rows(service, published):
    """The share per column, of some days; the statement says which columns it reads, so its price is right."""
    model, days = service.model("contacts"), Days(dt.date(2026, 1, 1), dt.date(2026, 1, 3))
    statement = empty_values_statement(model, days)
    shares = empty_shares(model, service.start("contacts", statement).outcome().answer.rows)
    rows = published.on(*days)
    for column in ("agent_name", "note", "contact_id", "queue"):
        expected = sum(row.get(column) is None for row in rows) / len(rows)
        assert abs(shares[column] - expected) < 1e-12, column
    assert shares["queue"] == 1
    assert set(statement.columns) == {column.name for column in model.columns if not column.is_partition}


def test_no_share_reads_as_none_or_all_of_what_is_not():
    """0% and 100% are said of exactly that."""
    texts = [share_text(share) for share in (0, 1e-9, 0.001, 0.123, 0.5, 1 - 1e-9, 1)]
    assert texts == ["0%", "under 0.1%", "0.1%", "12.3%", "50%", "over 99.9%", "100%"]
