"""How sure a published day is, and several together."""

import datetime as dt

import pytest

from dashboard.quality.quarantine_count import quarantine_count_from
from dashboard.quality.verification_status import DayStatus, StoredObject, combined_status, day_status_from
from dataset_model.records.changes import milliseconds
from dataset_model.records.manifest import DayRecord, ObjectRecord
from dataset_model.records.runs import RunEntry, RunWindow

DAY = dt.date(2026, 1, 5)
PUBLISHED = dt.datetime(2026, 1, 6, 4, tzinfo=dt.UTC)
LATER, BEFORE = PUBLISHED + dt.timedelta(hours=1), PUBLISHED - dt.timedelta(hours=1)


def record(verified_at, *, read_at=BEFORE):
    written = ObjectRecord(key="p/data.parquet", etag="e1", run_id="r", rows=3, bytes=9)
    return DayRecord(day=DAY, objects=(written,), state="closed", read_at=read_at, verified_at=verified_at)


@pytest.mark.parametrize(
    ("verified_at", "etag", "state"),
    [
        (LATER, "e1", "verified"),
        (PUBLISHED, "e1", "verified"),
        (BEFORE, "e1", "unverified"),
        (None, "e1", "unverified"),
        (LATER, "e2", "changed"),
        (None, "e2", "changed"),
    ],
)
def test_a_day_is_verified_only_by_a_comparison_of_this_very_object(verified_at, etag, state):
    """It takes a verification, one that is not older than the object, and the object that was recorded."""
    known = day_status_from(record(verified_at), [StoredObject("p/data.parquet", etag, PUBLISHED)])
    assert known == DayStatus(state, verified_at if state == "verified" else None)


def test_an_object_too_many_or_too_few_is_a_change():
    """A day with other objects than the recorded ones has changed."""
    there = StoredObject("p/data.parquet", "e1", PUBLISHED)
    assert day_status_from(record(LATER), []).state == "changed"
    assert day_status_from(record(LATER), [there, StoredObject("p/data-2.parquet", "e9", PUBLISHED)]).state == "changed"


def test_days_together_are_as_sure_as_the_least_sure():
    """A change outweighs what was not looked at, and that outweighs what was; the oldest look counts."""
    sure, surer = DayStatus("verified", PUBLISHED), DayStatus("verified", LATER)
    none, changed = DayStatus("unverified"), DayStatus("changed")
    one, two = DAY, DAY + dt.timedelta(days=1)
    assert combined_status({one: surer, two: sure}).verified_at == PUBLISHED
    assert (combined_status({one: sure, two: none}).state, combined_status({one: sure, two: none}).days) == (
        "unverified",
        (two,),
    )
    assert combined_status({one: changed, two: none}).days == (one,)
    assert combined_status({}).state == "unverified"


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(None, "verified"), (-6, "verified"), (-5, "later_changes"), (0, "later_changes"), (60, "later_changes")],
)
def test_a_finding_does_not_cover_what_was_written_later(minutes, state):
    """Of the five minutes before a comparison it is not known whether it saw them: it covers what is older."""
    there = [StoredObject("p/data.parquet", "e1", PUBLISHED)]
    changed = None if minutes is None else milliseconds(LATER + dt.timedelta(minutes=minutes))
    assert day_status_from(record(LATER), there, changed) == DayStatus(state, LATER)
    assert day_status_from(record(None), there, changed) == DayStatus("unverified")
    assert day_status_from(record(LATER), [], changed) == DayStatus("changed")


def test_one_day_with_later_changes_is_named_among_verified_ones():
    """Several days are verified only if all are; what was not looked at outweighs what changed later."""
    sure, later, none = DayStatus("verified", LATER), DayStatus("later_changes", PUBLISHED), DayStatus("unverified")
    one, two = DAY, DAY + dt.timedelta(days=1)
    found = combined_status({one: sure, two: later})
    assert (found.state, found.days, found.verified_at, found.of) == ("later_changes", (two,), PUBLISHED, 2)
    assert combined_status({one: none, two: later}).state == "unverified"


def run(number, status="succeeded", *, scope="scheduled", quarantined=0):
    window = RunWindow(start=DAY, end=DAY)
    return RunEntry(run_id=f"r{number}", dataset="contacts", status=status, window=window, started_at=PUBLISHED,
                    quarantined=quarantined, options={"scope": scope})  # fmt: skip


def test_what_was_quarantined_is_reported_by_the_run_that_met_everything():
    """A window passes over items without a readable day, so the newest full run counts, and is named as such."""
    runs = [run(4, "failed"), run(3, quarantined=1), run(2, scope="all", quarantined=7), run(1, scope="all")]
    found = quarantine_count_from(runs)
    assert (found.count, found.run.run_id, found.label) == (7, "r2", "Quarantined, full run")


def test_without_a_full_run_the_latest_speaks_for_itself_alone():
    """What it counted is labelled as that run's, and a ledger without success counts nothing."""
    found = quarantine_count_from([run(2, quarantined=1), run(1, quarantined=5)])
    assert (found.count, found.label) == (1, "Quarantined, latest run")
    assert quarantine_count_from([run(1, "died")]) is None
