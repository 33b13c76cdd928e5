"""Objects of table exports and the ledger flow in; findings flow out, for exports that did not end or were not read."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from exporter.audit.inspection import Finding, Inspection
from exporter.run.table_export.exporting import EXPORTS_FOLDER

GIVEN_UP_AFTER = dt.timedelta(days=1)
"""DynamoDB promises no duration; an export that has written nothing for a day has failed or will not be read."""

_FOLDER = "AWSDynamoDB"
_SUMMARY = "manifest-summary.json"


def export_findings(around: Inspection) -> Iterator[Finding]:
    """Yield the exports below the prefix of which no run has published anything, a day after their last object."""
    folder = f"{around.dataset.target.prefix}/{EXPORTS_FOLDER}/{_FOLDER}/"
    names: dict[str, set[str]] = defaultdict(set)
    newest: dict[str, dt.datetime] = {}
    for found in around.objects:
        export, _, name = found.key.removeprefix(folder).partition("/")
        if found.key.startswith(folder) and name and found.modified:
            names[export].add(name)
            newest[export] = max(newest.get(export, found.modified), found.modified)
    read = {entry.options.get("export_arn", "").rpartition("/")[2] for entry in around.runs}
    for export in sorted(names.keys() - read):
        if newest[export] + GIVEN_UP_AFTER > around.now:
            continue
        ended = _SUMMARY in names[export]
        arn = f"...:table/{around.dataset.source.table}/export/{export}"
        advice = (
            f"run `exporter backfill --source table-export --export-arn {arn}`, or remove the folder"
            if ended
            else f"`aws dynamodb describe-export --export-arn {arn}` says why; remove the folder, and start another"
        )
        yield Finding(
            "table export",
            f"{folder}{export}/",
            f"{'ended and was read by no run' if ended else 'never ended'}; its newest object is of "
            f"{newest[export]:%Y-%m-%d %H:%M} UTC",
            f"{advice}. `aws dynamodb list-exports` has the whole ARN",
        )
