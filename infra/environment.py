"""`environments/NAME.yaml`: region, stack names, tags and parameters of one installation."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import EnvironmentFault
from infra.templates import Template, TemplateName

FOLDER = Path(__file__).parent / "environments"
_FIELDS = {"region", "stack", "registry", "tags", "parameters"}
_SOME_DAYS = re.compile(r"cron\(\S+ \S+ (?![?*] \S+ [?*] )\S+ \S+ \S+ \S+\)|rate\((?!1 )\d+ days\)")
"""Schedules that do not run each day: a day of the month or of the week is given, or several days lie between."""
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,100}")


@dataclass(frozen=True)
class Environment:
    """One installation."""

    name: str
    region: str
    stack: str
    """Name of the exporter's stack; the dashboard's is this with `-dashboard`."""
    registry: str
    """Name of the registry's stack, which several installations may share."""
    tags: Mapping[str, str]
    parameters: Mapping[str, str]

    def stack_of(self, template: TemplateName) -> str:
        """Return the name of a template's stack."""
        return {"registry": self.registry, "template": self.stack, "dashboard": f"{self.stack}-dashboard"}[template]

    @property
    def has_dashboard(self) -> bool:
        """Whether anything of the dashboard is deployed."""
        return self.parameters.get("DashboardHost", "EcsExpress") != "None"

    def parameters_of(self, template: Template) -> dict[str, str]:
        """Return the parameters that a template declares."""
        return {name: value for name, value in self.parameters.items() if name in template.parameters}


def load_environment(name: str, templates: Mapping[TemplateName, Template]) -> Environment:
    """Return an environment by its name or its file's path; raise EnvironmentFault naming every fault."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
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
        parameters={key: _text(value) for key, value in (data.get("parameters") or {}).items()},
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
        faults += _unknown(data["parameters"], templates)
        faults += _unwatched(data["parameters"])
    return faults


def _unknown(parameters: Mapping[str, Any], templates: Mapping[TemplateName, Template]) -> list[str]:
    known = sorted({name for template in templates.values() for name in template.parameters})
    faults = []
    for name in parameters:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            faults.append(f"parameters.{name}: no template has it" + (f" (did you mean {close[0]}?)" if close else ""))
    return faults


def _unwatched(parameters: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a schedule that leaves out days, for which "no run succeeded" would be an alarm."""
    schedule = str(parameters.get("CronExpression", ""))
    excused = parameters.get("DateRangeMode") == "PREVIOUS_WEEK" or "AlarmAfterHours" in parameters
    if excused or not _SOME_DAYS.fullmatch(schedule):
        return []
    expected = "DateRangeMode: PREVIOUS_WEEK, which brings a daily run, or AlarmAfterHours, longer than any pause"
    return [f"parameters.CronExpression: {schedule} leaves out days; expected {expected}"]


def _text(value: Any) -> str:
    # CloudFormation knows text alone, and its templates compare with "true" in lower case.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return "" if value is None else str(value)
