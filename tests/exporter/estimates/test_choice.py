"""`exporter backfill` without `--source`: which way is read, and why.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import dataclasses
import datetime as dt

import boto3
import pytest
from botocore.stub import Stubber

from exporter.estimates.choice import Choice, choice, chosen_way
from exporter.estimates.cost import Assumptions, Estimate, costs
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.sources.description import SourceDescription
from exporter.sources.table_scan import may_scan

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
GB = 1_000_000_000
PRICES = Assumptions()


def priced(index_gb, table_gb, recoverable=None, assumed=PRICES, **about):
    """An index query of some GB of items, and a table; no item is counted, so no task is."""
    described = SourceDescription(("S",), "S", ("Id",), None, items=0, table_bytes=round(table_gb * GB))
    ways = costs(index_gb * GB / 8192, 1.0, described, 0, assumed, is_recoverable=recoverable)
    # Read units alone: the example is about bytes.
    ways = tuple(dataclasses.replace(cost, task_dollars=0.0) for cost in ways)
    return Estimate("rows", "t/i", ("A",), None, 1, 1, (), 0, 0.0, ways, **about)


@pytest.mark.parametrize(
    ("index", "table", "source"),
    [(1, 100, None), (100, 100, None), (100, 51, None), (100, 49, "scan"), (100, 50, "scan")],
    ids=["a month of years", "the whole table", "over half", "under half", "half"],
)
def test_another_way_is_read_where_it_costs_half_of_the_declared_one(index, table, source):
    """100 GB of index are 12,207,031 read units, $1.53; a table of 49 GB is $0.75, of 51 GB $0.78."""
    assert choice(priced(index, table)).source == source


def test_the_reason_has_every_price():
    """What is read, the dollars of each way, and what the chosen one does not show."""
    assert choice(priced(100, 49)) == Choice(
        "scan",
        "table scan, the cheapest (index query $1.53, table scan $0.75, export to S3 $4.90); it does not show when an "
        "item was deleted, nor any day before the whole table has been read and sorted",
    )
    assert choice(priced(100, 100)) == Choice(
        None,
        "index query, as declared (index query $1.53, table scan $1.53, export to S3 $10.00); another way would have "
        "to cost half of it at most",
    )


@pytest.mark.parametrize(("recoverable", "source"), [(True, "table-export"), (False, None), (None, None)])
def test_an_export_is_chosen_only_where_recovery_is_on(recoverable, source):
    """At a cent a TB an export is the cheapest; it is not started on a table that would refuse it."""
    cheap = Assumptions(dollars_per_exported_gb=0.00001)
    assert choice(priced(100, 100, recoverable, cheap)).source == source


def test_a_provisioned_source_and_an_unknown_size_stay_as_declared():
    """Read units that are paid by the hour are no dollars, and a scan would take them from the table's readers."""
    assert choice(priced(100, 1, is_provisioned=True)).source is None
    assert choice(priced(100, 0)).source is None


@pytest.fixture
def small_table(scene, monkeypatch):
    """An index that DynamoDB measured as larger than its table, with an item on each of three days."""
    from exporter.run import preflight

    described = SourceDescription(("S",), "S", ("Id",), None, items=4096, bytes=4096 * 8192, table_bytes=8192)
    monkeypatch.setattr(preflight, "describe_source", lambda *_: described)
    table = scene(GSI_PK_VALUE="A")
    for day in (15, 16, 17):
        table.put(f"{day}", f"2026-02-{day}T10:00:00Z")
    return table


def backfill(table, chosen, **options):
    settings = table.settings()

    def choose(windows):
        chosen.append(chosen_way(settings, windows, PRICES, NOW))
        return chosen[-1].source

    window = Window(dt.date(2026, 2, 15), dt.date(2026, 2, 17), settings.dataset.zone)
    return Backfill(settings, BackfillRequest(window, **options), clock=lambda: NOW, choose=choose).run()


def test_a_backfill_reads_by_what_is_chosen(small_table):
    """The ledger says that the table was scanned; all rows are there."""
    chosen = []
    done = backfill(small_table, chosen)
    assert (done.error, done.plain()["rows"]) == (None, 3)
    assert [found.source for found in chosen] == ["scan"]
    assert [entry.options["source"] for entry in done.entries] == ["scan"]


def test_nothing_is_chosen_where_a_way_was_asked_for_or_nothing_is_left(small_table):
    """`--source` and `--chunk-days` name the way; a second backfill has no day to read."""
    chosen = []
    backfill(small_table, chosen, source="index")
    backfill(small_table, chosen, chunk_days=1, force=True)
    backfill(small_table, chosen)
    assert chosen == []


def test_closed_days_in_between_are_not_replaced_by_a_scan(small_table):
    """A scan is one run from the first missing day to the last; the declared way leaves out what is closed."""
    small_table.export(start="2026-02-16", end="2026-02-16")
    chosen = []
    done = backfill(small_table, chosen)
    assert [found.source for found in chosen] == [None]
    assert chosen[0].reason == "what the dataset declares: another way would replace the closed days in between as well"
    assert [str(entry.window.start) for entry in done.entries] == ["2026-02-15", "2026-02-17"]


def test_what_cannot_be_priced_is_read_as_declared(small_table, monkeypatch):
    """The run meets the same fault and records it; the choice does not end the backfill before its ledger entry."""
    from exporter.errors import SourceError
    from exporter.run import preflight

    def broken(*_):
        raise SourceError("no such table")

    monkeypatch.setattr(preflight, "describe_source", broken)
    chosen = []
    done = backfill(small_table, chosen)
    assert done.error == "no such table"
    assert chosen == [Choice(None, "what the dataset declares: the ways cannot be priced (no such table)")]


def test_a_role_that_may_not_scan_reads_as_declared(small_table, monkeypatch):
    """Least privilege has Query alone: a backfill that worked before goes on to work, and says what it lacks."""
    with Stubber(boto3.client("dynamodb")) as stubbed:
        stubbed.add_client_error("scan", "AccessDeniedException")
        assert may_scan(stubbed.client, "t") is False
    assert may_scan(small_table.dynamodb, small_table.table) is True
    monkeypatch.setattr("exporter.estimates.choice.may_scan", lambda *_: False)
    chosen = []
    done = backfill(small_table, chosen)
    assert (done.error, done.plain()["rows"], chosen[0].source) == (None, 3, None)
    assert chosen[0].reason.startswith(
        f"what the dataset declares: this role may not scan table {small_table.table} (dynamodb:Scan), or table scan, "
    )
