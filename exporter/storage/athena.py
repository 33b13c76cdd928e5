"""SQL statements flow in, their rows flow out, each run to its end. The only exporter module that calls Athena."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import AthenaError
from exporter.runtime.sdk_errors import code_of, credentials_problem, message_of

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Shortest and longest pause in seconds between two polls of a running statement; each pause is longer."""

MOST_SECONDS = 30 * 60.0
"""Athena's own default limit on a statement."""


@dataclass(frozen=True)
class StatementResult:
    """The result of a statement."""

    rows: tuple[tuple[str | None, ...], ...]
    """Every value as text, None for NULL; without the row of column names."""
    scanned_bytes: int


class Athena:
    """One workgroup."""

    def __init__(
        self,
        client: "AthenaClient",
        *,
        workgroup: str | None,
        results: str | None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workgroup` None means the primary one; `results` is needed where the workgroup names no place of its own."""
        self._client = client
        self._workgroup = workgroup
        self._results = results
        self._sleep, self._clock = sleep, clock

    def run(self, statement: str, database: str) -> StatementResult:
        """Return a statement's rows; raise AthenaError where it cannot be run to its end."""
        options: dict[str, Any] = {"WorkGroup": self._workgroup} if self._workgroup else {}
        if self._results:
            options["ResultConfiguration"] = {"OutputLocation": self._results}
        try:
            started = self._client.start_query_execution(
                QueryString=statement, QueryExecutionContext={"Database": database}, **options
            )
            execution = started["QueryExecutionId"]
            scanned = self._wait(execution)
            return StatementResult(tuple(self._rows(execution)), scanned)
        except (ClientError, BotoCoreError) as error:
            raise self._error(error) from None

    def _wait(self, execution: str) -> int:
        began, pause = self._clock(), _FIRST_PAUSE
        while True:
            found: Any = self._client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
            status = found["Status"]
            if status["State"] == "SUCCEEDED":
                return int(found.get("Statistics", {}).get("DataScannedInBytes", 0))
            if status["State"] in {"FAILED", "CANCELLED"}:
                reason = status.get("StateChangeReason", "without a reason")
                raise AthenaError(f"Athena: statement {execution} {status['State'].lower()}: {reason}")
            if self._clock() - began > MOST_SECONDS:
                self._client.stop_query_execution(QueryExecutionId=execution)
                raise AthenaError(f"Athena: statement {execution} was stopped after {MOST_SECONDS / 60:.0f} minutes")
            self._sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _rows(self, execution: str) -> Iterator[tuple[str | None, ...]]:
        pages = self._client.get_paginator("get_query_results").paginate(QueryExecutionId=execution)
        first = True
        for page in pages:
            for row in page["ResultSet"]["Rows"]:
                if not first:
                    yield tuple(value.get("VarCharValue") for value in row["Data"])
                first = False

    def _error(self, error: ClientError | BotoCoreError) -> AthenaError:
        if problem := credentials_problem(error):
            return AthenaError(f"cannot ask Athena: {problem}")
        if not isinstance(error, ClientError):
            return AthenaError(f"cannot reach Athena: {error}. Check the network and AWS_ENDPOINT_URL_ATHENA.")
        code, message = code_of(error), message_of(error)
        advice = ""
        if "output location" in message.lower():
            advice = " Set ATHENA_RESULTS, or an ATHENA_WORKGROUP that has a place for results."
        elif "AccessDenied" in code:
            advice = " The role needs athena:StartQueryExecution, GetQueryExecution and GetQueryResults."
        return AthenaError(
            f"cannot ask Athena in workgroup {self._workgroup or 'primary'}: {message} ({code}).{advice}"
        )
