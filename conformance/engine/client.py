"""Asks Trino a statement over its REST protocol."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

from conformance.cells import athena_cell, column_type
from conformance.outcome import Outcome, OutputColumn

_ATTEMPTS = 3
_PASSING = {"HIVE_FILESYSTEM_ERROR", "HIVE_METASTORE_ERROR", "HIVE_CANNOT_OPEN_SPLIT"}
"""A stand-in under load answers some listings too late."""


class Trino:
    """One server. Safe to use from many threads."""

    def __init__(self, url: str, catalog: str) -> None:
        self.url = url
        self._catalog = catalog

    def ask(self, sql: str, database: str = "default", parameters: Sequence[str] = ()) -> Outcome:
        """Run a statement to its end; `parameters` are SQL literals in the order of the `?`, as Athena takes them."""
        if parameters:
            sql = f"EXECUTE IMMEDIATE '{sql.replace(chr(39), chr(39) * 2)}' USING {', '.join(parameters)}"
        for _ in range(_ATTEMPTS - 1):
            found = self._asked(sql, database)
            if found.error not in _PASSING:
                return found
        return self._asked(sql, database)

    def _asked(self, sql: str, database: str) -> Outcome:
        columns: list[dict[str, Any]] = []
        rows: list[list[Any]] = []
        answer = self._request(f"{self.url}/v1/statement", database, sql)
        while True:
            columns = answer.get("columns") or columns
            rows += answer.get("data") or []
            if "nextUri" not in answer:
                break
            answer = self._request(answer["nextUri"], database)
        if error := answer.get("error"):
            return Outcome(error=error["errorName"], message=error["message"])
        types = [column["typeSignature"] for column in columns]
        return Outcome(
            tuple(OutputColumn(column["name"].lower(), column_type(column["typeSignature"])) for column in columns),
            tuple(tuple(athena_cell(value, kind) for value, kind in zip(row, types, strict=True)) for row in rows),
        )

    def _request(self, url: str, database: str, body: str | None = None) -> dict[str, Any]:
        headers = {
            "X-Trino-User": "conformance",
            "X-Trino-Catalog": self._catalog,
            "X-Trino-Schema": database,
            "X-Trino-Time-Zone": "UTC",
            # Without it times are cut to milliseconds and their types lose the precision.
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        data = None if body is None else body.encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=120) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
