"""Named queries and prepared statements."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from local.athena.errors import RequestError
from local.athena.workgroups.paging import page
from local.athena.workgroups.workgroups import PRIMARY


class NamedQueries:
    """Queries kept under a name for people to find."""

    def __init__(self) -> None:
        self._queries: dict[str, dict[str, Any]] = {}

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateNamedQuery."""
        identity = str(uuid.uuid4())
        fields = ("Name", "Description", "Database", "QueryString")
        kept: dict[str, Any] = {key: request[key] for key in fields if key in request}
        group = request.get("WorkGroup", PRIMARY)
        self._queries[identity] = {**kept, "NamedQueryId": identity, "WorkGroup": group}
        return {"NamedQueryId": identity}

    def _find(self, identity: str) -> dict[str, Any]:
        if identity not in self._queries:
            raise RequestError(f"NamedQuery {identity} was not found")
        return self._queries[identity]

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetNamedQuery."""
        return {"NamedQuery": self._find(request["NamedQueryId"])}

    def get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        """BatchGetNamedQuery."""
        wanted = request["NamedQueryIds"]
        missing = [identity for identity in wanted if identity not in self._queries]
        return {
            "NamedQueries": [self._queries[identity] for identity in wanted if identity in self._queries],
            "UnprocessedNamedQueryIds": [{"NamedQueryId": identity} for identity in missing],
        }

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListNamedQueries."""
        group = request.get("WorkGroup", PRIMARY)
        return page("NamedQueryIds", [i for i, query in self._queries.items() if query["WorkGroup"] == group], request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateNamedQuery."""
        query = self._find(request["NamedQueryId"])
        query |= {key: request[key] for key in ("Name", "Description", "QueryString") if key in request}
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteNamedQuery."""
        self._find(request["NamedQueryId"])
        del self._queries[request["NamedQueryId"]]
        return {}


class PreparedStatements:
    """Statements with question marks, kept per workgroup for EXECUTE."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statements: dict[tuple[str, str], dict[str, Any]] = {}

    def keep(self, group: str, name: str, sql: str, description: str = "") -> None:
        """Store a statement, in the place of one with the same name."""
        with self._lock:
            self._statements[group, name] = {
                "StatementName": name,
                "QueryStatement": sql,
                "WorkGroupName": group,
                "Description": description,
                "LastModifiedTime": time.time(),
            }

    def sql(self, group: str, name: str) -> str:
        """Return the text of a statement."""
        return str(self._find(group, name)["QueryStatement"])

    def drop(self, group: str, name: str) -> None:
        """Forget a statement."""
        self._find(group, name)
        with self._lock:
            self._statements.pop((group, name), None)

    def _find(self, group: str, name: str) -> dict[str, Any]:
        if (group, name) not in self._statements:
            raise RequestError(
                f"PreparedStatement {name} was not found in workGroup {group}", "ResourceNotFoundException"
            )
        return self._statements[group, name]

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreatePreparedStatement."""
        group, name = request["WorkGroup"], request["StatementName"]
        if (group, name) in self._statements:
            raise RequestError(f"PreparedStatement {name} already exists in workGroup {group}")
        self.keep(group, name, request["QueryStatement"], request.get("Description", ""))
        return {}

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetPreparedStatement."""
        return {"PreparedStatement": self._find(request["WorkGroup"], request["StatementName"])}

    def get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        """BatchGetPreparedStatement."""
        group, names = request["WorkGroup"], request["PreparedStatementNames"]
        return {
            "PreparedStatements": [self._statements[group, n] for n in names if (group, n) in self._statements],
            "UnprocessedPreparedStatementNames": [
                {"StatementName": name} for name in names if (group, name) not in self._statements
            ],
        }

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListPreparedStatements."""
        kept = [
            {"StatementName": name, "LastModifiedTime": statement["LastModifiedTime"]}
            for (group, name), statement in self._statements.items()
            if group == request["WorkGroup"]
        ]
        return page("PreparedStatements", kept, request)

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdatePreparedStatement."""
        group, name = request["WorkGroup"], request["StatementName"]
        self._find(group, name)
        self.keep(group, name, request["QueryStatement"], request.get("Description", ""))
        return {}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeletePreparedStatement."""
        self.drop(request["WorkGroup"], request["StatementName"])
        return {}
