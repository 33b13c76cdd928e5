"""What can go wrong between a page and Athena, by what a person can do about it.

    DashboardError
    ├── InvalidRequest      the request's own fields are wrong: mend the fields named
    ├── ChangedMeanwhile    another request was first: look again, then decide
    ├── Missing             what is asked for is not there, or not for this person: look at the list
    ├── RefusedSql          the SQL is outside what is served: mend it at the place named
    ├── Forbidden           the person's role does not allow it: ask an admin for the role
    ├── TooManyQueries      the person's or everyone's limit is reached: wait, or stop a query
    ├── QueryError          Athena answered, and the answer is no
    │   ├── QueryFailed     the query itself failed: read Athena's reason
    │   ├── QueryCancelled  a person or the time limit stopped it
    │   ├── TableMissing    nothing has been exported yet, or the names are wrong
    │   └── ResultMissing   the result's file is gone: run the query again
    └── ServiceError        Athena, S3, the sign-in provider or a mail server did not do its part
        ├── AthenaUnreachable   no answer: try again, look at endpoint and network
        ├── IssuerUnreachable   it cannot be checked whether a token is genuine: try again
        ├── StorageFailed       S3 refused or broke off, or a record there is damaged: read the cause
        ├── NotSent             a mail server or webhook did not accept a message: read its reason
        ├── PerhapsSent         it broke off after it was given one: it may arrive, or not
        ├── Throttled           too many requests: try again in a while
        └── AccessDenied        the role lacks a permission: give it

Every message says what failed, on which named thing, and what to do next; it is fit to be shown to a person.
"""

from dataclasses import dataclass


class DashboardError(Exception):
    """Something anticipated; `str()` of it is for people."""


@dataclass(frozen=True)
class FieldFault:
    """One wrong field of a request; `field` is spelled as in the JSON API (`startDate`)."""

    field: str
    message: str

    def __str__(self) -> str:
        """Read as `startDate: expected ...`."""
        return f"{self.field}: {self.message}"


class InvalidRequest(DashboardError):
    """A request with wrong fields; carries every fault."""

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults))


class ChangedMeanwhile(DashboardError):
    """Another request changed it first."""


class Missing(DashboardError):
    """What is asked for does not exist, or belongs to another person; the message does not say which."""


class RefusedSql(DashboardError):
    """SQL that the guard does not let through.

    `line` and `column` count from 1 and point at the first character of what is refused; None where it is the whole
    statement. `mend` says how to put it right.
    """

    def __init__(self, reason: str, line: int | None = None, column: int | None = None, mend: str = "") -> None:
        self.reason, self.line, self.column, self.mend = reason, line, column, mend
        super().__init__(" ".join(part for part in (f"{reason}{self.position}.", mend) if part))

    @property
    def position(self) -> str:
        """` (line 2, column 15)`, or nothing where the whole statement is meant."""
        return "" if self.line is None else f" (line {self.line}, column {self.column})"


class Forbidden(DashboardError):
    """The person's role does not allow it."""


class TooManyQueries(DashboardError):
    """A limit on queries at once, on waiting queries, or on bytes a day is reached."""


class QueryError(DashboardError):
    """Athena answered, and the answer is no."""

    def __init__(self, message: str, query_execution_id: str | None = None) -> None:
        self.query_execution_id = query_execution_id
        super().__init__(message)


class QueryFailed(QueryError):
    """The query failed in Athena; `reason` is Athena's own text, line and column (from 1) those of what was written."""

    def __init__(
        self,
        reason: str,
        query_execution_id: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.reason, self.line, self.column = reason, line, column
        where = "" if line is None else f" (line {line}, column {column})"
        super().__init__(f"Athena could not run the query{where}: {reason}", query_execution_id)


class QueryCancelled(QueryError):
    """The query was stopped in Athena before its end."""


class TableMissing(QueryError):
    """The table or database does not exist yet."""


class ResultMissing(QueryError):
    """The result's file cannot be read any more."""


class ServiceError(DashboardError):
    """A service did not do its part."""


class AthenaUnreachable(ServiceError):
    """No answer from a service (Athena or the S3 that holds its results)."""


class IssuerUnreachable(ServiceError):
    """The sign-in provider did not say which keys it signs with."""


class StorageFailed(ServiceError):
    """S3 refused a request or broke off an answer, or an object of the exporter is damaged."""


class NotSent(ServiceError):
    """A mail server or a webhook did not accept a message; it may be sent again."""


class PerhapsSent(ServiceError):
    """It broke off after it was given a message, which it may have accepted."""


class Throttled(ServiceError):
    """The service asked for fewer requests, and kept asking after retries."""


class AccessDenied(ServiceError):
    """The role may not do this."""
