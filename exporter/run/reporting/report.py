"""A ledger entry flows in, the run report as JSON or as text flows out."""

from typing import Any

import orjson

from dataset_model.records.runs import RunEntry, RunReport


def report_json(entry: RunEntry) -> str:
    """Return the run report of a ledger entry: the fields of the report alone, on one line."""
    return orjson.dumps(report(entry)).decode()


def report(entry: RunEntry) -> dict[str, Any]:
    """Return the run report of a ledger entry as plain values; an error, where there is one, comes with it."""
    fields = entry.model_dump(mode="json", include=set(RunReport.model_fields))
    return fields | ({"error": entry.error} if entry.error else {})


def summary(entry: RunEntry, location: str) -> str:
    """Return a run for people, in a few lines."""
    window = f"{entry.window.start} to {entry.window.end}" if entry.window else "no day"
    lines = [
        f"{entry.dataset}: {entry.status}, {window}",
        f"  {entry.rows:,} rows in {len(entry.partitions)} days, {entry.bytes:,} bytes at {location}",
        f"  {entry.quarantined:,} items quarantined, {entry.read_units:,.1f} read units, {entry.seconds:.1f} s",
    ]
    lines += [f"  removed {partition}" for partition in entry.removed]
    lines += [
        f"  changed since it was closed: {day.day}, {day.added:,} items added, {day.changed:,} changed, "
        f"{day.deleted:,} deleted"
        for day in entry.changes
    ]
    lines += [f"  warning: {warning}" for warning in entry.warnings]
    return "\n".join(lines)


def run_line(entry: RunEntry) -> str:
    """Return a run as one line of a list."""
    window = f"{entry.window.start}..{entry.window.end}" if entry.window else "-"
    error = f"  {entry.error.splitlines()[0]}" if entry.error else ""
    counts = f"{entry.rows:>10,} rows  {entry.quarantined:>6,} quarantined"
    return f"{entry.run_id}  {entry.status:<11}  {window:<22}  {counts}{error}"
