"""The ways in that a dataset file declares flow in; findings flow out, for those that are not there."""

import shlex
from collections.abc import Iterator

from exporter.audit.inspection import Finding, Inspection
from exporter.run.incremental.window_state import WINDOWS_FILE


def declared_findings(around: Inspection) -> Iterator[Finding]:
    """Yield what `source.kind` names and the table or the prefix has not."""
    source = around.dataset.source
    if not source.is_table:
        return
    declared, prefix = set(source.kind), around.dataset.target.prefix
    if "stream" in declared and not around.is_fed_by_stream:
        yield Finding(
            "stream",
            f"{prefix}/_changes/",
            "`source.kind` names a stream, and no batch of one has been written here",
            "set up its mapping, or run `exporter stream` (docs/streams.md); or leave `stream` out of the file",
        )
    if "changes" in declared and around.windows is None:
        yield Finding(
            "changes",
            f"{prefix}/{WINDOWS_FILE}",
            "`source.kind` names changes, and none have been read",
            "run `exporter changes`, and schedule it; or leave `changes` out of the file",
        )
    if declared & {"changes", "table_export"} and around.is_recoverable is False:
        yield Finding(
            "table export",
            f"table {source.table}",
            "`source.kind` names exports of the table, and its point-in-time recovery is off",
            f"`aws dynamodb update-continuous-backups --table-name {shlex.quote(source.table)} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`",
        )
