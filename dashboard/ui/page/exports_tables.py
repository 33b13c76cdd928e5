"""The Exports page's tables: days with their state, runs with their outcome."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.model import formats
from dashboard.quality.quarantine_count import SetAside
from dashboard.quality.verification_status import DayAssurance
from dashboard.ui.page.states import literal, state
from dataset_model import Dataset
from dataset_model.manifest import DayRecord, Manifest
from dataset_model.runs import RunEntry
from dataset_model.verification import Verification

_TALLEST: Final = 460
_MOST_TOLD: Final = 20
_OUTCOMES: Final = {
    "succeeded": "✓ Succeeded",
    "failed": "✕ Failed",
    "interrupted": "✕ Interrupted",
    "died": "✕ Died",
    "running": "… Running",
}


def day_table(manifest: Manifest, known: Mapping[dt.date, DayAssurance], dataset: Dataset) -> None:
    """Draw the published days, the latest first."""
    records = sorted(manifest.days.values(), key=lambda record: record.day, reverse=True)
    most = max((record.rows for record in records), default=0)
    st.dataframe(
        [_day(record, known.get(record.day), dataset) for record in records],
        hide_index=True,
        height=min(_TALLEST, 38 + 35 * len(records)),
        column_config={
            "Day": st.column_config.DateColumn(format="ddd, YYYY-MM-DD", pinned=True),
            "Rows": st.column_config.ProgressColumn(format="localized", min_value=0, max_value=max(most, 1)),
            "Size": st.column_config.TextColumn(alignment="right"),
            "Set aside": st.column_config.NumberColumn(
                format="localized", help="Items set aside when the day was read; those without a day are told by runs."
            ),
        },
        alt="Published days",
    )
    st.caption("An open day was read before it had ended and settled; the next scheduled run reads it again.")


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
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Set aside": st.column_config.NumberColumn(format="localized"),
            "Took": st.column_config.TextColumn(alignment="right"),
        },
        alt="Runs of the exporter",
    )


def last_run(runs: Sequence[RunEntry], dataset: Dataset, now: dt.datetime) -> None:
    """Say how the latest run ended, and its reason where it failed."""
    if not runs:
        return
    run = runs[0]
    when = f"{formats.age(run.started_at, now)}, {_moment(run.started_at, dataset)}"
    if run.status == "succeeded":
        days = f" in {formats.plural(len(run.partitions), 'day')}" if run.partitions else ""
        aside = f", {formats.plural(run.quarantined, 'item')} set aside" if run.quarantined else ""
        done = f"{formats.plural(run.rows, 'row')}{days}{aside}"
        st.success(f"The latest run succeeded ({when}): {done}.", icon=":material/task_alt:")
    elif run.status == "running":
        st.info(f"A run started {when} and has not said that it ended.", icon=":material/sync:")
    else:
        reason = f": {run.error.rstrip('.')}" if run.error else ""
        owed = f" Owed: {formats.listed(day.isoformat() for day in run.owed)}." if run.owed else ""
        st.error(f"The latest run {run.status} ({when}){reason}.{owed}", icon=":material/error:")


def set_aside_card(found: SetAside | None, dataset: Dataset) -> None:
    """Draw how many items were set aside, and say by which run and what it read."""
    whole = "It read every item." if found and found.is_whole else "It read a window, so items without a day may lack."
    st.metric(
        found.label if found else "Set aside",
        formats.number(found.count if found else None),
        border=True,
        height="stretch",
        help="Items without a readable day, and rows with a value that contradicted its column, as counted by "
        f"the run of {_moment(found.run.started_at, dataset)}. {whole}"
        if found
        else "No run has succeeded yet.",
    )


def last_verification(found: Verification | None, dataset: Dataset, now: dt.datetime) -> None:
    """Say what the latest verification compared and what did not agree."""
    if found is None:
        command = f"python -m exporter verify --dataset {dataset.name}"
        st.info(f"Nothing was verified yet. `{command}` compares every day with DynamoDB.", icon=":material/help:")
        return
    when = f"{formats.age(found.finished_at, now)}, {_moment(found.finished_at, dataset)}"
    if found.agrees:
        done = f"{formats.plural(len(found.days), 'day')} and {formats.plural(found.items, 'item')}"
        st.success(f"The latest verification agreed ({when}): {done} compared.", icon=":material/verified:")
    else:
        st.warning(f"The latest verification found what does not agree ({when}).", icon=":material/report:")
    told = [text for day in found.days for text in (f"{day.day}: {text}" for text in day.disagreements)]
    with st.expander("What was compared", icon=":material/fact_check:", expanded=not found.agrees):
        lines = (found.compared, *found.disagreements, *told[:_MOST_TOLD], *found.notes)
        st.markdown("\n".join(f"- {literal(line)}" for line in lines if line))
        if len(told) > _MOST_TOLD:
            st.caption(f"{_MOST_TOLD} of {len(told):,} disagreements of days are shown; the record holds all.")


def _day(record: DayRecord, known: DayAssurance | None, dataset: Dataset) -> dict[str, Any]:
    return {
        "Day": record.day,
        "Rows": record.rows,
        "Size": formats.size(record.bytes),
        "State": "Open" if record.state == "open" else "Closed",
        "Verified": _sure(known, dataset),
        "Set aside": record.withheld + record.nulled,
        "Read at": _moment(record.read_at, dataset),
        "Run": ", ".join(dict.fromkeys(item.run_id for item in record.objects)),
    }


def _sure(known: DayAssurance | None, dataset: Dataset) -> str:
    if known is None or known.state == "unverified":
        return "Not verified"
    if known.verified_at is None:
        return "⚠ Changed since its export"
    return f"✓ {_moment(known.verified_at, dataset)}"


def _run(run: RunEntry, dataset: Dataset) -> dict[str, Any]:
    window = run.window
    return {
        "Started": _moment(run.started_at, dataset),
        "Outcome": _OUTCOMES[run.status],
        "Window": "everything" if window is None else f"{window.start} to {window.end}",
        "Rows": run.rows,
        "Set aside": run.quarantined,
        "Days": len(run.partitions),
        "Removed": len(run.removed),
        "Took": formats.seconds(run.seconds),
        "Remarks": "; ".join(filter(None, (run.error, *run.warnings))),
        "Run": run.run_id,
    }


def _moment(instant: dt.datetime, dataset: Dataset) -> str:
    return formats.instant(instant, dataset.zone, dataset.source.time_zone)
