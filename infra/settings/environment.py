"""`environments/NAME.yaml`: region, stack names, tags and parameters of one installation."""

import datetime as dt
import difflib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import EnvironmentFault
from infra.settings.schedules import longest_pause
from infra.settings.source_kinds import SOURCE_KIND, kind_faults, with_kinds
from infra.settings.templates import Template, TemplateName

FOLDER = Path(__file__).parents[1] / "environments"
_FIELDS = {"region", "stack", "registry", "tags", "parameters"}
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,100}")
_SWITCH = {"true", "false"}


class _Loader(yaml.SafeLoader):
    """Reads every plain word as text: YAML 1.1 reads a partition value NO as false, 010 as 8 and 1e3 as a number."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's way to say so


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])


@dataclass(frozen=True)
class Environment:
    """One installation."""

    name: str
    region: str
    stack: str
    """Name of the exporter's stack; the others are this with `-alarms`, `-stream`, `-sources` and `-dashboard`."""
    registry: str
    """Name of the registry's stack, which several installations may share."""
    tags: Mapping[str, str]
    parameters: Mapping[str, str]

    def stack_of(self, template: TemplateName) -> str:
        """Return the name of a template's stack."""
        return {"registry": self.registry, "template": self.stack}.get(template, f"{self.stack}-{template}")

    @property
    def dependents(self) -> tuple[TemplateName, ...]:
        """Templates of this installation that take parameters from the exporter's outputs, in their order."""
        chosen: dict[TemplateName, bool] = {
            "alarms": True,
            "stream": self.has_stream,
            "sources": self.has_sources,
            "dashboard": self.has_dashboard,
        }
        return tuple(name for name, is_wanted in chosen.items() if is_wanted)

    @property
    def has_stream(self) -> bool:
        """Whether the table's stream is followed: one that exists, or that of the table that is made here."""
        made = self.parameters.get("CreateTable") == "true" and self.parameters.get("TableStream") == "true"
        return made or bool(self.parameters.get("TableStreamArn"))

    @property
    def has_sources(self) -> bool:
        """Whether the exporter needs more rights: for a scan or an export of the table, transcripts or targets."""
        is_table_read = "true" in {self.parameters.get("TableScan"), self.parameters.get("TableExport")}
        return is_table_read or any(
            self.parameters.get(name) for name in ("TranscriptBucket", "TargetPrefix", "TargetTable")
        )

    @property
    def has_dashboard(self) -> bool:
        """Whether anything of the dashboard is deployed."""
        return self.parameters.get("DashboardHost", "EcsExpress") != "None"

    def parameters_of(self, template: Template) -> dict[str, str]:
        """Return the parameters that a template declares."""
        return {name: value for name, value in self.parameters.items() if name in template.parameters}


def readiness_warnings(environment: Environment) -> list[str]:
    """Return what an installation works without, and what then happens: one sentence each."""
    given, file = environment.parameters, f"infra/environments/{environment.name}.yaml"
    warnings = []
    if not given.get("AlarmEmail"):
        warnings.append(
            "no AlarmEmail is set, so no person gets the alarms and a failed or missing run stays unseen. "
            f"Add AlarmEmail to {file}."
        )
    pool = environment.has_dashboard and not given.get("OidcIssuer")
    if pool and not given.get("FirstUserEmail"):
        warnings.append(
            "no FirstUserEmail is set and the user pool is empty, so no person can sign in to the dashboard. "
            f"Add FirstUserEmail to {file}, or make users in Cognito."
        )
    return warnings


def load_environment(name: str, templates: Mapping[TemplateName, Template]) -> Environment:
    """Return an environment by its name or its file's path; raise EnvironmentFault naming every fault."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        there = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise EnvironmentFault(f"there is no {path}; infra/environments/ has {there}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EnvironmentFault(f"{path} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise EnvironmentFault(f"{path}: expected region, stack, registry, tags and parameters")
    faults = _faults(data, templates)
    if faults:
        raise EnvironmentFault("\n".join(f"{path.name}: {fault}" for fault in faults))
    return Environment(
        name=path.stem,
        region=data["region"],
        stack=data["stack"],
        registry=data.get("registry", "reports-registry"),
        tags={key: _text(value) for key, value in (data.get("tags") or {}).items()},
        parameters={
            key: _value(key, value, templates) for key, value in with_kinds(data.get("parameters") or {}).items()
        },
    )


def _faults(data: Mapping[str, Any], templates: Mapping[TemplateName, Template]) -> list[str]:
    faults = [
        f"{field}: unknown field; known are {', '.join(sorted(_FIELDS))}" for field in sorted(set(data) - _FIELDS)
    ]
    faults += [
        f"{field}: expected text, found {data.get(field)!r}"
        for field in ("region", "stack")
        if not isinstance(data.get(field), str)
    ]
    for field in ("stack", "registry"):
        value = data.get(field)
        if isinstance(value, str) and not _STACK.fullmatch(value):
            faults.append(f"{field}: expected letters, digits and -, beginning with a letter; found {value!r}")
    faults += [
        f"{field}: expected a mapping of names to values"
        for field in ("tags", "parameters")
        if not isinstance(data.get(field) or {}, dict)
    ]
    if isinstance(data.get("parameters"), dict):
        faults += kind_faults(data["parameters"])
        parameters = with_kinds(data["parameters"])
        faults += _unknown(parameters, templates)
        faults += _not_allowed(parameters, templates)
        faults += _made_elsewhere(parameters)
        faults += _unindexed(parameters)
        faults += _unwatched(parameters, templates["template"].parameters | templates["alarms"].parameters)
    return faults


def _unknown(parameters: Mapping[str, Any], templates: Mapping[TemplateName, Template]) -> list[str]:
    known = sorted({SOURCE_KIND, *(name for template in templates.values() for name in template.parameters)})
    faults = []
    for name in parameters:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            faults.append(f"parameters.{name}: no template has it" + (f" (did you mean {close[0]}?)" if close else ""))
    return faults


def _not_allowed(parameters: Mapping[str, Any], templates: Mapping[TemplateName, Template]) -> list[str]:
    faults = []
    for name, value in parameters.items():
        allowed = _allowed(name, templates)
        if allowed and _value(name, value, templates) not in allowed:
            faults.append(f"parameters.{name}: expected {', '.join(sorted(allowed))}; found {_text(value)!r}")
    return faults


def _allowed(name: str, templates: Mapping[TemplateName, Template]) -> set[str]:
    """Return what a parameter may be in every template that has it; nothing where it may be anything."""
    declared = [template.parameters.get(name, {}) for template in templates.values()]
    lists = [{_text(value) for value in found["AllowedValues"]} for found in declared if "AllowedValues" in found]
    return set.intersection(*lists) if lists else set()


def _made_elsewhere(parameters: Mapping[str, Any]) -> list[str]:
    table = _text(parameters.get("DynamoTableName"))
    if not table.startswith("arn:") or _text(parameters.get("CreateTable")) != "true":
        return []
    return [f"parameters.DynamoTableName: CreateTable makes a table in this account; expected a name, found {table!r}"]


def _unindexed(parameters: Mapping[str, Any]) -> list[str]:
    """Return what is missing where the dataset has no index: its file, and the right to scan."""
    if "GsiName" not in parameters or _text(parameters["GsiName"]):
        return []
    keys = ("GsiPartitionKeyAttribute", "GsiPartitionKeyValue", "GsiSortKeyAttribute")
    faults = [
        f"parameters.{key}: GsiName is empty, so there is no index with keys; found {_text(parameters[key])!r}"
        for key in keys
        if _text(parameters.get(key))
    ]
    if _text(parameters.get("TableScan")).lower() != "true":
        faults.append("parameters.GsiName: empty, so the table is scanned; expected TableScan: true as well")
    if not _text(parameters.get("Dataset")):
        faults.append("parameters.GsiName: empty; expected a Dataset, which names the date attribute of the scan")
    return faults


def _unwatched(parameters: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with a schedule that would raise the alarm "no run succeeded" between two runs."""

    def value(name: str) -> str:
        return _text(parameters.get(name, declared[name]["Default"]))

    if "CronExpression" in parameters and value("ScheduleExpression"):
        return ["parameters.ScheduleExpression: another name of CronExpression, which is given too; keep one of them"]
    name = "ScheduleExpression" if value("ScheduleExpression") else "CronExpression"
    schedule, limit = value(name), value("AlarmAfterHours")
    pause = longest_pause(schedule)
    # A weekly export brings a daily run.
    excused = value("ScheduleState") == "DISABLED" or value("DateRangeMode") == "PREVIOUS_WEEK"
    if pause is None or excused or not limit.isdecimal():
        return []
    hours = math.ceil(pause / dt.timedelta(hours=1))
    # One run takes longer than another; and on one night of the year the clock is put back.
    clock = schedule.startswith("cron") and hours > 1 and value("ScheduleTimeZone") != "UTC"
    needed = hours + (2 if clock else 1)
    if int(limit) >= needed:
        return []
    longest = int(declared["AlarmAfterHours"]["MaxValue"])
    daily = "DateRangeMode: PREVIOUS_WEEK, which brings a daily run"
    expected = (
        f"AlarmAfterHours: {needed} at least, or {daily}"
        if needed <= longest
        else f"{daily}, or a schedule that runs more often, because an alarm looks back {longest} hours at most"
    )
    return [f"parameters.{name}: {schedule} pauses for up to {hours} hours; expected {expected}"]


def _value(name: str, value: Any, templates: Mapping[TemplateName, Template]) -> str:
    text = _text(value)
    # The templates compare with "true" in lower case.
    return text.lower() if _allowed(name, templates) == _SWITCH else text


def _text(value: Any) -> str:
    # CloudFormation knows text alone.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        texts = [_text(item) for item in value]
        # Commas separate values, except in the JSON array that the templates take where a value contains one.
        return json.dumps(texts, ensure_ascii=False) if any("," in text for text in texts) else ",".join(texts)
    return "" if value is None else str(value)
