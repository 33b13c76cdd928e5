"""Manifest, run and verification records flow in, the tables and messages of the Exports page flow out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.model import formats
from dashboard.quality.quarantine_count import QuarantineCount
from dashboard.quality.verification_status import DayStatus
from dashboard.ui.page.states import literal, state
from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.records.verification import Verification
from dataset_model.targets.partitions import days_between

_TALLEST: Final = 460
_MOST_SHOWN: Final = 20
_OUTCOMES: Final = {
    "succeeded": "✓ Succeeded",
    "failed": "✕ Failed",
    "interrupted": "✕ Interrupted",
    "died": "✕ Died",
    "running": "… Running",
}


def day_table(manifest: Manifest, verified: Mapping[dt.date, DayStatus], dataset: Dataset) -> None:
    """Draw every day from the first to the last published one, the latest first; a hole is a row of its own."""
    most = max((record.rows for record in manifest.days.values()), default=0)
    first, last = manifest.first_day, manifest.last_day
    every = reversed(list(days_between(first, last))) if first and last else ()
    rows = [
        _day(manifest.days[day], verified.get(day), dataset) if day in manifest.days else _hole(day, dataset)
        for day in every
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=min(_TALLEST, 38 + 35 * len(rows)),
        column_config={
            "Day": st.column_config.DateColumn(format="ddd, YYYY-MM-DD", pinned=True),
            "Items": st.column_config.NumberColumn(
                format="localized", help="Items of the table that the day was read from; each has any number of rows."
            ),
            "Rows": st.column_config.ProgressColumn(format="localized", min_value=0, max_value=max(most, 1)),
            "Size": st.column_config.TextColumn(alignment="right"),
            "Quarantined": st.column_config.NumberColumn(
                format="localized",
                help="Items withheld or nulled when the day was read. Items without a day count with their run.",
            ),
        },
        alt="Published days",
    )
    zone = f"Times are in {dataset.source.time_zone}."
    st.caption(
        f"An open day was read before its end plus the settling time. The next scheduled run reads it again. {zone}"
    )


def run_table(runs: Sequence[RunEntry], dataset: Dataset) -> None:
    """Draw the ledger, the latest run first."""
    if not runs:
        state(":material/history:", "No runs recorded", "The ledger under `_runs/` is empty.", key="no_runs")
        return
    st.dataframe(
        [_run(run, dataset) for run in runs],
        hide_index=True,
        height=min(_TALLEST, 38 + 35 * len(runs)),
        column_config={
            "Items": st.column_config.NumberColumn(format="localized", help="Items that the run has read."),
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Quarantined": st.column_config.NumberColumn(format="localized"),
            "Took": st.column_config.TextColumn(alignment="right"),
        },
        alt="Runs of the exporter",
    )
    st.caption(f"Times are in {dataset.source.time_zone}.")


def last_run(runs: Sequence[RunEntry], dataset: Dataset, now: dt.datetime) -> None:
    """Draw the outcome of the latest run, with the reason of a failure."""
    if not runs:
        return
    run = runs[0]
    when = f"{formats.age(run.started_at, now)}, {_clock(run.started_at, dataset)}"
    if run.status == "succeeded":
        days = f" in {formats.plural(len(run.partitions), 'day')}" if run.partitions else ""
        quarantined = f", {formats.plural(run.quarantined, 'item')} quarantined" if run.quarantined else ""
        done = f"{formats.plural(run.rows, 'row')}{days}{quarantined}"
        st.success(f"The latest run succeeded ({when}): {done}.", icon=":material/task_alt:")
    elif run.status == "running":
        st.info(f"A run started {when} and has not reported its end.", icon=":material/sync:")
    else:
        reason = f": {run.error.rstrip('.')}" if run.error else ""
        owed = f" Owed: {formats.listed(day.isoformat() for day in run.owed)}." if run.owed else ""
        st.error(f"The latest run {run.status} ({when}){reason}.{owed}", icon=":material/error:")


def quarantine_card(found: QuarantineCount | None, dataset: Dataset) -> None:
    """Draw the number of quarantined items, with the run that counted them and what it read."""
    whole = (
        "It read every item."
        if found and found.is_full
        else "It read a window, so items without a day may be uncounted."
    )
    st.metric(
        found.label if found else "Quarantined",
        formats.number(found.count if found else None),
        border=True,
        height="stretch",
        help="Items without a readable day, and rows with a value that contradicted its column, as counted by "
        f"the run of {_moment(found.run.started_at, dataset)}. {whole}"
        if found
        else "No run has succeeded yet.",
    )


def last_verification(found: Verification | None, dataset: Dataset, now: dt.datetime) -> None:
    """Draw what the latest verification compared and where it found differences."""
    if found is None:
        command = f"python -m exporter verify --dataset {dataset.name}"
        source = "its file" if dataset.source.base == "files" else "DynamoDB"
        st.info(f"No verification yet. `{command}` compares every day with {source}.", icon=":material/help:")
        return
    when = f"{formats.age(found.finished_at, now)}, {_clock(found.finished_at, dataset)}"
    if found.agrees:
        done = f"{formats.plural(len(found.days), 'day')} and {formats.plural(found.items, 'item')}"
        st.success(f"The latest verification agreed ({when}): {done} compared.", icon=":material/verified:")
    else:
        st.warning(f"The latest verification found differences ({when}).", icon=":material/report:")
    differences = [text for day in found.days for text in (f"{day.day}: {text}" for text in day.disagreements)]
    with st.expander("What was compared", icon=":material/fact_check:", expanded=not found.agrees):
        lines = (found.compared, *found.disagreements, *differences[:_MOST_SHOWN], *found.notes)
        st.markdown("\n".join(f"- {literal(line)}" for line in lines if line))
        if len(differences) > _MOST_SHOWN:
            st.caption(f"{_MOST_SHOWN} of {len(differences):,} disagreements of days are shown; the record holds all.")


def _day(record: DayRecord, verified: DayStatus | None, dataset: Dataset) -> dict[str, Any]:
    return {
        "Day": record.day,
        "State": "Open" if record.state == "open" else "Closed",
        "Verified": _verification(verified, dataset),
        **_items(dataset, None if (items := record.items_by_partition_value) is None else sum(items.values())),
        "Rows": record.rows,
        "Size": formats.size(record.bytes),
        "Quarantined": record.withheld + record.nulled,
        "Read at": _clock(record.read_at, dataset),
        "Run": ", ".join(dict.fromkeys(item.run_id for item in record.objects)),
    }


def _items(dataset: Dataset, items: int | None) -> dict[str, int | None]:
    """Return the cell of items, where a row is a part of one; elsewhere a row is an item."""
    return {"Items": items} if dataset.exploded else {}


def _hole(day: dt.date, dataset: Dataset) -> dict[str, Any]:
    return {
        "Day": day,
        "State": "Not published",
        "Verified": "",
        **_items(dataset, None),
        "Rows": None,
        "Size": "",
        "Quarantined": None,
        "Read at": "",
        "Run": "",
    }


def _verification(verified: DayStatus | None, dataset: Dataset) -> str:
    if verified is None or verified.state == "unverified":
        return "Not verified"
    if verified.verified_at is None:
        return "⚠ Changed since its export"
    moment = _clock(verified.verified_at, dataset)
    return f"✓ {moment}" if verified.state == "verified" else f"{moment}, later changes"


def _run(run: RunEntry, dataset: Dataset) -> dict[str, Any]:
    window = run.window
    return {
        "Started": _clock(run.started_at, dataset),
        "Outcome": _OUTCOMES[run.status],
        "Window": "everything" if window is None else f"{window.start} to {window.end}",
        **_items(dataset, run.items),
        "Rows": run.rows,
        "Quarantined": run.quarantined,
        "Days": len(run.partitions),
        "Removed": len(run.removed),
        "Took": formats.seconds(run.seconds),
        "Remarks": "; ".join(filter(None, (run.error, *run.warnings))),
        "Run": run.run_id,
    }


def _clock(instant: dt.datetime, dataset: Dataset) -> str:
    """Return an instant where the zone stands once, in the badges above or below a table."""
    return formats.instant(instant, dataset.zone)


def _moment(instant: dt.datetime, dataset: Dataset) -> str:
    return formats.instant(instant, dataset.zone, dataset.source.time_zone)
