"""Glue's check of a table's version: an update that names another than the current one is refused.

moto takes every update. So of two writers that have read the same version both would succeed, and the second would take
away the first one's columns.
"""

import threading
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.glue.responses import GlueResponse

_lock = threading.Lock()


def check_versions() -> None:
    """Let moto in this process compare versions; calling it again changes nothing."""
    if not hasattr(GlueResponse.update_table, "checks_version"):
        setattr(GlueResponse, "update_table", _checked(GlueResponse.update_table))  # noqa: B010  (a type checker objects)


def _checked(update: Callable[[GlueResponse], Any]) -> Callable[[GlueResponse], Any]:
    def update_table(self: GlueResponse) -> Any:
        given = self.parameters.get("VersionId")
        with _lock:
            if given is not None:
                name = self.parameters["TableInput"]["Name"]
                table = self.glue_backend.get_table(self.parameters["DatabaseName"], name)
                current = table.as_dict()["VersionId"]
                if current != given:
                    raise JsonRESTError(
                        "ConcurrentModificationException",
                        f"Update table failed due to concurrent modifications: {name} has version {current}",
                    )
            return update(self)

    setattr(update_table, "checks_version", True)  # noqa: B010  (as above)
    return update_table
