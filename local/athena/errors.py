"""What can go wrong, as Athena reports it.

    LocalAthenaError
    |-- RequestError      the call is refused: HTTP 400 with an error code
    `-- QueryError        the call was accepted, the query ends FAILED with an AthenaError
        `-- QueryCancelled

The numbers are those of Athena's error catalogue (User Guide, "Athena error catalog").
"""

from __future__ import annotations

from typing import Final, Literal

USER: Final = 2
SYSTEM: Final = 1

DATA: Final = 1001
DDL_FAILED: Final = 1003
SCHEMA: Final = 1004
SYNTAX: Final = 1006
FAILED: Final = 1009
CANCELLED: Final = 1011
ENGINE: Final = 200


class LocalAthenaError(Exception):
    """Anything this package raises on purpose."""


class RequestError(LocalAthenaError):
    """A refused call.

    `code` is the exception name that SDKs map to a class, `reason` the service's finer AthenaErrorCode.
    """

    def __init__(self, message: str, code: str = "InvalidRequestException", reason: str = "INVALID_INPUT") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class QueryError(LocalAthenaError):
    """A query that fails, with the text that StateChangeReason carries."""

    def __init__(self, message: str, kind: int = FAILED, category: Literal[1, 2, 3] = USER) -> None:
        super().__init__(message)
        self.kind = kind
        self.category = category


class QueryCancelled(QueryError):
    """A query that StopQueryExecution or a workgroup's scan limit ended; its state is CANCELLED."""

    def __init__(self, message: str = "Query cancelled by user") -> None:
        super().__init__(message, CANCELLED)


def metadata_not_found(message: str) -> RequestError:
    """Return the error of the catalogue calls (GetTableMetadata and its kin) about an absent name."""
    return RequestError(message, "MetadataException", "METADATA_ERROR")
