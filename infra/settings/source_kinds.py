"""`SourceKind` of an environment: the ways in that are wanted flow in, the parameters that make them flow out."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from infra.settings.schedules import longest_pause

SOURCE_KIND = "SourceKind"
"""Among the parameters of an environment; no template declares it."""

_NIGHTLY = "cron(0 3 * * ? *)"
"""Two hours after the nightly export, in `ScheduleTimeZone`."""

_MADE: Mapping[str, Mapping[str, str]] = {
    "index": {},
    "scan": {"TableScan": "true"},
    "table_export": {"TableExport": "true"},
    "changes": {"TableExport": "true", "ChangesExpression": _NIGHTLY},
    "stream": {},
}
"""Kind -> parameters. A stream is named by its ARN, or made with its table."""

_NEEDED: Mapping[str, Mapping[str, str]] = {
    "scan": {"TableScan": "true"},
    "table_export": {"TableExport": "true"},
    "changes": {"TableExport": "true", "ExporterHost": "Fargate", "OverwriteMode": "OVERWRITE"},
    "stream": {"OverwriteMode": "OVERWRITE"},
}
"""Kind -> values without which a template or the exporter refuses it."""

_DEFAULTS = {"TableScan": "false", "TableExport": "false", "ExporterHost": "Fargate", "OverwriteMode": "OVERWRITE"}
"""Of the templates."""

_MOST_HOURS = 48
"""Between two starts of `changes`: the alarm on unread changes looks back 50 hours."""


def with_kinds(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with those that the kinds stand for; what is written in the file stays as it is."""
    made: dict[str, Any] = {}
    kinds = _kinds(parameters)
    for kind in kinds:
        made |= _MADE.get(kind, {})
    if "stream" in kinds and not parameters.get("TableStreamArn"):
        made["TableStream"] = "true"
    return made | {name: value for name, value in parameters.items() if name != SOURCE_KIND}


def kind_faults(parameters: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the kinds of an environment, and with the schedule of the changes."""
    kinds, where = _kinds(parameters), f"parameters.{SOURCE_KIND}"
    known = ", ".join(_MADE)
    faults = [f"{where}: expected some of {known}; found {kind!r}" for kind in kinds if kind not in _MADE]
    if SOURCE_KIND in parameters and not kinds:
        faults.append(f"{where}: expected some of {known}; found nothing")
    expanded = with_kinds(parameters)
    asked = [(kind, f"{where}: {kind}") for kind in kinds]
    if "changes" not in kinds and parameters.get("ChangesExpression"):
        asked.append(("changes", "parameters.ChangesExpression: it"))
    faults += [
        f"{place} needs {name}: {value}; found {name}: {_shown(expanded.get(name, _DEFAULTS[name]))}"
        for kind, place in asked
        for name, value in _NEEDED.get(kind, {}).items()
        if not _is(expanded, name, value)
    ]
    if "index" in kinds and "GsiName" in parameters and not parameters["GsiName"]:
        faults.append(f"{where}: index needs GsiName, which is empty; name the index, or leave index out")
    return faults + _stream_faults(parameters, kinds) + _schedule_faults(expanded)


def _stream_faults(parameters: Mapping[str, Any], kinds: list[str]) -> list[str]:
    if "stream" not in kinds or parameters.get("TableStreamArn"):
        return []
    if _is(parameters, "CreateTable", "true"):
        is_off = _is(parameters, "TableStream", "false")
        return [f"parameters.{SOURCE_KIND}: stream needs TableStream: true; found TableStream: false"] if is_off else []
    table = parameters.get("DynamoTableName", "NAME")
    fault = (
        f"parameters.{SOURCE_KIND}: stream needs TableStreamArn, because the table exists already. `aws dynamodb "
        f"update-table --table-name {table} --stream-specification StreamEnabled=true,"
        "StreamViewType=NEW_AND_OLD_IMAGES` turns it on, `aws dynamodb describe-table "
        f"--table-name {table} --query Table.LatestStreamArn` names it"
    )
    return [fault]


def _schedule_faults(parameters: Mapping[str, Any]) -> list[str]:
    schedule = str(parameters.get("ChangesExpression") or "")
    if not schedule or _is(parameters, "ScheduleState", "DISABLED"):
        return []
    pause = longest_pause(schedule)
    hours = 0 if pause is None else math.ceil(pause / dt.timedelta(hours=1))
    if hours <= _MOST_HOURS:
        return []
    fault = (
        f"parameters.ChangesExpression: {schedule} pauses for up to {hours} hours; expected {_MOST_HOURS} at most, "
        "because the alarm on unread changes looks back two days"
    )
    return [fault]


def _kinds(parameters: Mapping[str, Any]) -> list[str]:
    given = parameters.get(SOURCE_KIND)
    words = given if isinstance(given, list) else str("" if given is None else given).split(",")
    return [word for word in (str(word).strip() for word in words) if word]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is(parameters: Mapping[str, Any], name: str, text: str) -> bool:
    return str(parameters.get(name, _DEFAULTS.get(name, ""))).lower() == text.lower()
