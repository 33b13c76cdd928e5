"""Workgroups: where results go, whether clients may choose, and how much one query may scan."""

from __future__ import annotations

import copy
import threading
import time
from typing import Any

from local.athena.errors import RequestError

PRIMARY = "primary"
ENGINE_VERSION = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_SMALLEST_CUTOFF = 10_000_000


class WorkGroups:
    """The workgroups of a region; `primary` always exists and enforces nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[str, dict[str, Any]] = {}
        self._store(PRIMARY, "", {"EnforceWorkGroupConfiguration": False})

    def _store(self, name: str, description: str, configuration: dict[str, Any]) -> None:
        self._groups[name] = {
            "Name": name,
            "State": "ENABLED",
            "Description": description,
            "CreationTime": time.time(),
            "Configuration": {
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": False,
                "RequesterPaysEnabled": False,
                "ResultConfiguration": {},
                "EngineVersion": ENGINE_VERSION,
                **configuration,
            },
        }

    def find(self, name: str) -> dict[str, Any]:
        """Return a workgroup, or refuse the call."""
        if name not in self._groups:
            raise RequestError(f"WorkGroup {name} is not found.")
        return self._groups[name]

    def for_query(self, name: str) -> dict[str, Any]:
        """Return a workgroup that takes queries."""
        group = self.find(name)
        if group["State"] != "ENABLED":
            raise RequestError(f"WorkGroup {name} is disabled.")
        return group

    def output_location(self, name: str, wanted: str) -> str:
        """Return where a query's result goes: the workgroup's place if it enforces one or the client names none."""
        configuration = self.find(name)["Configuration"]
        own = str(configuration.get("ResultConfiguration", {}).get("OutputLocation", ""))
        if own and (configuration["EnforceWorkGroupConfiguration"] or not wanted):
            return own
        if not wanted:
            raise RequestError(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        return wanted

    def cutoff(self, name: str) -> int | None:
        """Return the limit of scanned bytes for one query."""
        limit = self.find(name)["Configuration"].get("BytesScannedCutoffPerQuery")
        return None if limit is None else int(limit)

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateWorkGroup."""
        name, configuration = request["Name"], request.get("Configuration") or {}
        _check_cutoff(configuration)
        with self._lock:
            if name in self._groups:
                raise RequestError(f"WorkGroup {name} is already created")
            version = {**ENGINE_VERSION, **configuration.pop("EngineVersion", {})}
            self._store(name, request.get("Description", ""), {**configuration, "EngineVersion": version})
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetWorkGroup."""
        return {"WorkGroup": copy.deepcopy(self.find(request["WorkGroup"]))}

    def list(self, _: dict[str, Any]) -> dict[str, Any]:
        """ListWorkGroups."""
        shown = ("Name", "State", "Description", "CreationTime")
        groups = [{key: group[key] for key in shown} for group in self._groups.values()]
        return {"WorkGroups": [{**group, "EngineVersion": ENGINE_VERSION} for group in groups]}

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateWorkGroup."""
        group = self.find(request["WorkGroup"])
        changes = dict(request.get("ConfigurationUpdates") or {})
        _check_cutoff(changes)
        with self._lock:
            group["State"] = request.get("State", group["State"])
            group["Description"] = request.get("Description", group["Description"])
            configuration = group["Configuration"]
            if changes.pop("RemoveBytesScannedCutoffPerQuery", False):
                configuration.pop("BytesScannedCutoffPerQuery", None)
            result = dict(changes.pop("ResultConfigurationUpdates", {}))
            if result.pop("RemoveOutputLocation", False):
                configuration["ResultConfiguration"].pop("OutputLocation", None)
            configuration["ResultConfiguration"] |= {k: v for k, v in result.items() if not k.startswith("Remove")}
            configuration |= {name: value for name, value in changes.items() if not name.startswith("Remove")}
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteWorkGroup."""
        name = request["WorkGroup"]
        self.find(name)
        if name == PRIMARY:
            raise RequestError("WorkGroup primary cannot be deleted")
        with self._lock:
            self._groups.pop(name, None)
        return {}


def _check_cutoff(configuration: dict[str, Any]) -> None:
    limit = configuration.get("BytesScannedCutoffPerQuery")
    if limit is not None and limit < _SMALLEST_CUTOFF:
        raise RequestError(
            f"1 validation error detected: Value '{limit}' at 'bytesScannedCutoffPerQuery' failed to satisfy "
            f"constraint: Member must have value greater than or equal to {_SMALLEST_CUTOFF}"
        )
