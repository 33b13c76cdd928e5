"""Days that no run has published stay owed, for any sequence of runs and any range of the schedule."""

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord
from dataset_model.records.runs import RunEntry, RunWindow
from exporter.planning.owed_days import (
    EarlierRuns,
    days_lacking_values,
    days_owed_by_runs,
    incomplete_days,
    scheduled_since,
    unsettled_days,
)
from exporter.planning.window import DateRangeMode, Window, is_closed, window_of_mode
from exporter.run.request import ExportRequest, planned_windows

UTC = ZoneInfo("UTC")
FIRST = dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)  # a Monday
MODES: tuple[DateRangeMode, ...] = ("PREVIOUS_DAY", "PREVIOUS_WEEK", "LAST_N_HOURS")
PERIODS = {
    "PREVIOUS_DAY": dt.timedelta(days=1),
    "PREVIOUS_WEEK": dt.timedelta(days=7),
    "LAST_N_HOURS": dt.timedelta(hours=12),
}
OUTCOMES = ("missed", "no bucket", "refused", "killed", "failed", "succeeded")


def dataset_in(zone: str) -> Dataset:
    return Dataset.model_validate(
        {
            "name": "d",
            "source": {
                "table": "ttt", "index": "iii", "partition_key": "Kind", "partition_values": ["A"], "sort_key": "At",
                "time_zone": zone,
            },
        }
    )  # fmt: skip


@dataclass
class History:
    """What a bucket holds after a sequence of scheduled runs, by the rules of the records alone."""

    dataset: Dataset
    manifest: Manifest | None = None
    ledger: list[RunEntry] = field(default_factory=list)
    """Newest first."""
    covered: set[dt.date] = field(default_factory=set)
    """Days of the ranges of all runs, from the first that left a trace."""

    def run(self, mode: DateRangeMode, due: dt.datetime, late: dt.timedelta, outcome: str, share: float) -> None:
        began = due + late
        window = window_of_mode(mode, began, self.dataset.zone, 24)
        if outcome in {"missed", "no bucket"}:
            # A run that left no trace cannot move the schedule's beginning, as a range could that is set meanwhile.
            missed = window_of_mode(mode, due, self.dataset.zone, 24).days()
            self.covered |= {day for day in missed if self.covered and day >= min(self.covered)}
            return
        self.covered |= set(window.days())
        request = ExportRequest(window, scheduled=True)
        if outcome == "refused":
            self._enter("failed", began, window, list(window.days()))
            return
        days = self.planned(request, began)
        self._publish(days[: len(days) if outcome == "succeeded" else int(len(days) * share)], began, window)
        published = self.manifest.days if self.manifest else {}
        owed = [day for day in days if day not in published or published[day].read_at < began]
        self._enter(
            outcome if outcome == "succeeded" else "failed", began, window, [] if outcome == "succeeded" else owed
        )

    def planned(self, request: ExportRequest, now: dt.datetime) -> list[dt.date]:
        recent = tuple(entry for entry in self.ledger if entry.started_at >= now - request.ledger_reach)
        windows = planned_windows(request, self.dataset, self.manifest, now, EarlierRuns(recent, self._since(request)))
        return [day for window in windows for day in window.days()]

    def _since(self, request: ExportRequest) -> dt.date | None:
        oldest = self.ledger[-1].window if self.ledger else None
        return scheduled_since(self.manifest, oldest.start if oldest else None, request.window)

    def _enter(self, status: str, began: dt.datetime, window: Window, owed: list[dt.date]) -> None:
        entry = RunEntry(
            run_id=f"{began:%Y%m%dT%H%M%SZ}",
            dataset="d",
            status=status,
            window=RunWindow(start=window.first, end=window.last),
            started_at=began,
            owed=tuple(owed),
            options={"scope": "scheduled"},
        )
        self.ledger.insert(0, entry)

    def _publish(self, days: list[dt.date], began: dt.datetime, window: Window) -> None:
        if not days:
            return
        before = self.manifest.days if self.manifest else {}
        records = {
            day: DayRecord(
                day=day,
                objects=(),
                state="closed" if is_closed(day, began, self.dataset.zone, 60) else "open",
                read_at=began,
            )
            for day in days
        }
        since = self._since(ExportRequest(window, scheduled=True))
        self.manifest = Manifest(
            dataset="d",
            location="s3://b/p/",
            time_zone=self.dataset.source.time_zone,
            updated_at=began,
            days=before | records,
            scheduled_from=since,
        )


run = st.tuples(st.sampled_from(OUTCOMES), st.integers(-40, 40), st.floats(0, 0.99))


@settings(max_examples=150, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland", "America/St_Johns"]),
    runs=st.lists(run, min_size=1, max_size=30),
    gap=st.integers(0, 40),
)
def test_after_the_next_success_no_day_of_the_schedule_is_lost(mode, zone, runs, gap):
    """After missed, refused, killed, failed, late and early runs, a success leaves each day published or owed."""
    history = History(dataset_in(zone))
    for number, (outcome, minutes, share) in enumerate(runs):
        history.run(mode, FIRST + number * PERIODS[mode], dt.timedelta(minutes=minutes), outcome, share)
    last = FIRST + (len(runs) + gap) * PERIODS[mode]
    history.run(mode, last, dt.timedelta(0), "succeeded", 1.0)
    following = last + PERIODS[mode]
    request = ExportRequest(window_of_mode(mode, following, history.dataset.zone, 24), scheduled=True)
    read = history.manifest.days.keys() | set(history.planned(request, following))
    assert history.covered - read == set()
    opened = {day for day, record in history.manifest.days.items() if record.state == "open"}
    assert opened <= set(history.planned(request, following))


@settings(max_examples=40, deadline=None)
@given(modes=st.lists(st.tuples(st.sampled_from(MODES), run), min_size=2, max_size=20))
def test_a_changed_range_loses_no_day(modes):
    """A schedule with a range that changes between runs owes the days of the former range as well."""
    history, due = History(dataset_in("UTC")), FIRST
    for mode, (outcome, minutes, share) in modes:
        history.run(mode, due, dt.timedelta(minutes=minutes), outcome, share)
        due += PERIODS[mode]
    history.run("PREVIOUS_DAY", due, dt.timedelta(0), "succeeded", 1.0)
    request = ExportRequest(window_of_mode("PREVIOUS_DAY", due, UTC, 24), scheduled=True)
    assert history.covered <= history.manifest.days.keys() | set(history.planned(request, due)) | {due.date()}


@pytest.mark.parametrize("outcome", ["missed", "no bucket", "refused", "killed", "failed"])
@pytest.mark.parametrize("seconds", [-5, 0, 5])
def test_one_monday_without_a_run_is_made_up_for_on_the_next(outcome, seconds):
    """The week of 2 March is owed on 16 March, whatever prevented its run, and to the second of the next."""
    history = History(dataset_in("UTC"))
    history.run("PREVIOUS_WEEK", FIRST, dt.timedelta(0), "succeeded", 1.0)
    history.run("PREVIOUS_WEEK", FIRST + dt.timedelta(days=7), dt.timedelta(0), outcome, 0.3)
    now = FIRST + dt.timedelta(days=14, seconds=seconds)
    planned = history.planned(ExportRequest(window_of_mode("PREVIOUS_WEEK", now, UTC, 24), scheduled=True), now)
    assert {dt.date(2026, 3, day) for day in range(4, 9)} <= set(planned)
    assert {dt.date(2026, 3, day) for day in range(9, 16)} <= set(planned)


def test_a_first_run_that_is_refused_owes_its_days():
    """Before anything is published, the ledger alone shows which days the schedule has covered."""
    history = History(dataset_in("UTC"))
    history.run("PREVIOUS_WEEK", FIRST, dt.timedelta(0), "refused", 0.0)
    now = FIRST + dt.timedelta(days=70)
    planned = history.planned(ExportRequest(window_of_mode("PREVIOUS_WEEK", now, UTC, 24), scheduled=True), now)
    assert (planned[0], planned[-1], len(planned)) == (dt.date(2026, 2, 23), dt.date(2026, 5, 10), 77)


def record(day: str, read_at: str, *, run_id: str = "other", values: tuple[str, ...] | None = ("A",)) -> DayRecord:
    published = ObjectRecord(key="k", etag="e", run_id=run_id, rows=1, bytes=1)
    return DayRecord(
        day=day, objects=(published,), state="closed", read_at=f"{read_at}T00:00:00Z", partition_values=values
    )


def manifest_of(*records: DayRecord) -> Manifest:
    days = {found.day: found for found in records}
    return Manifest(dataset="d", location="s3://b/p/", time_zone="UTC", updated_at=FIRST, days=days)


def failed(*owed: str, scope: str = "window") -> RunEntry:
    return RunEntry(
        run_id="own",
        dataset="d",
        status="failed",
        window=None,
        started_at="2026-03-10T00:00:00Z",
        owed=owed,
        options={"scope": scope},
    )


def test_a_day_that_its_own_run_published_incomplete_is_not_settled():
    """The run's own reading settles nothing of what it owes; another run's later reading does."""
    entry = failed("2026-03-07", "2026-03-08", "2026-03-09")
    manifest = manifest_of(
        record("2026-03-07", "2026-03-10", run_id="own"),
        record("2026-03-08", "2026-03-10", run_id="other"),
        record("2026-03-09", "2026-03-09", run_id="other"),
    )
    assert unsettled_days(entry, manifest) == {dt.date(2026, 3, 7), dt.date(2026, 3, 9)}
    assert incomplete_days(entry, manifest) == {dt.date(2026, 3, 7)}
    assert days_owed_by_runs([entry], manifest, dt.date(2026, 3, 11)) == {dt.date(2026, 3, 7), dt.date(2026, 3, 9)}


def test_days_that_lack_a_value_are_named_by_value():
    """A day lacks the values that its run did not read; a record without that knowledge lacks none."""
    manifest = manifest_of(
        record("2026-03-08", "2026-03-09", values=("A",)),
        record("2026-03-07", "2026-03-09", values=("A", "B")),
        record("2026-03-06", "2026-03-09", values=None),
    )
    assert days_lacking_values(manifest, ("A", "B", "C")) == {
        "B": [dt.date(2026, 3, 8)],
        "C": [dt.date(2026, 3, 7), dt.date(2026, 3, 8)],
    }
    assert days_lacking_values(None, ("A",)) == {}
