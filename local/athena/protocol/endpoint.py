"""Athena's wire protocol: AWS JSON 1.1, the operation in the X-Amz-Target header."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from local.athena.errors import QueryError, RequestError
from local.athena.protocol.service import Athena, Endpoints

TARGET_PREFIX = "AmazonAthena."


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...]


class Protocol:
    """Answers requests for any region; each region has an Athena of its own, as its Glue has its own tables."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._regions: dict[str, Athena] = {}

    def answer(self, target: str, region: str, body: bytes) -> HttpAnswer:
        """Carry out one request."""
        name = target.removeprefix(TARGET_PREFIX)
        operation = self._region(region).operations.get(name)
        if operation is None:
            text = f"The local Athena does not implement {name}; docs/local-athena.md lists what it does"
            return _refusal(RequestError(text, "UnknownOperationException"))
        try:
            return _answer("200 OK", operation(_parsed(body)))
        except RequestError as error:
            return _refusal(error)
        except QueryError as error:
            return _refusal(RequestError(str(error)))
        except KeyError as error:
            return _refusal(RequestError(f"{name} needs {error.args[0]}, which the request lacks"))

    def _region(self, region: str) -> Athena:
        with self._lock:
            if region not in self._regions:
                self._regions[region] = Athena(self._endpoints, region)
            return self._regions[region]

    def close(self) -> None:
        """Stop all regions; a later request starts with nothing remembered."""
        with self._lock:
            stopped, self._regions = self._regions, {}
        for athena in stopped.values():
            athena.close()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise RequestError(f"The request body is not JSON: {error}", "SerializationException") from error
    if not isinstance(found, dict):
        raise RequestError("The request body is not a JSON object", "SerializationException")
    return found


def _refusal(error: RequestError) -> HttpAnswer:
    described = {"__type": error.code, "Message": str(error), "AthenaErrorCode": error.reason}
    return _answer("400 Bad Request", described, (("x-amzn-ErrorType", error.code),))


def _answer(status: str, described: dict[str, Any], extra: tuple[tuple[str, str], ...] = ()) -> HttpAnswer:
    body = json.dumps(described, separators=(",", ":")).encode()
    return HttpAnswer(
        status,
        body,
        (
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            *extra,
        ),
    )
