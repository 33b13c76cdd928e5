"""A Query request flows in, the complete body of its response flows out, after as many attempts as needed.

Bodies bypass botocore's JSON parser, which costs two thirds of a plain reader's time. A botocore hook takes the body;
retries, checksums, credentials and signing stay with botocore. The hook is used inside botocore but is not documented.
If a botocore version no longer calls it, bodies are encoded again from the parsed items. The response class is not
documented either; it is replaced by one that reads a body in one call. Without it everything works, but slower.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import structlog
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from zlib_ng.zlib_ng import crc32

from exporter.errors import Interrupted, SourceError
from exporter.runtime.sdk_errors import code_of, credentials_problem, key_permission, message_of
from exporter.sources.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FURTHER_ATTEMPTS = 11
"""Further attempts for a request that the SDK gave up early. Its retry quota is made for many small requests; a
minute of throttling exhausts it when several ranges are read concurrently."""

PAUSE_SECONDS = 1.0

_BODY = "ResponseBody"
_STOPPED = "stopped on request while DynamoDB was throttling"
_log = structlog.get_logger()


class _GivenUpEarly(Exception):
    """The SDK used fewer attempts than allowed: its quota was exhausted, or it did not notice the fault."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class QueryResponse:
    """A whole Query response."""

    body: bytes
    limit: int | None
    """Items that were asked for at most; None for a full page."""
    retries: int


class Queries:
    """Sends the Query or Scan requests of one index or table under a rate limiter."""

    def __init__(
        self,
        client: "DynamoDBClient",
        what: str,
        limiter: RateLimiter,
        stop: threading.Event,
        operation: Literal["Query", "Scan"] = "Query",
    ) -> None:
        """After `stop` no request is retried: throttling may last longer than the time a stopping task has.

        `what` names the index or table in messages.
        """
        self._send: Any = client.query if operation == "Query" else client.scan
        self._limiter = limiter
        self._stop = stop
        self._what = what
        self._warned = False
        client.meta.events.register(f"before-parse.dynamodb.{operation}", _take_body)
        client.meta.events.register_first(f"needs-retry.dynamodb.{operation}", self._end_where_stopped)

    def answer(self, request: Mapping[str, Any]) -> QueryResponse:
        """Return the answer to a request; raise SourceError if none arrives, Interrupted after a stop."""
        for further in range(FURTHER_ATTEMPTS + 1):
            try:
                answer = self._ask(request)
            except _GivenUpEarly as given_up:
                if further == FURTHER_ATTEMPTS:
                    raise given_up.error from None
                if self._stop.wait(PAUSE_SECONDS * min(further + 1, 5)):
                    raise Interrupted(_STOPPED) from None
            else:
                return replace(answer, retries=answer.retries + further)
        raise AssertionError  # the last attempt has returned or raised

    def _ask(self, request: Mapping[str, Any]) -> QueryResponse:
        with self._limiter.turn() as limit:
            wanted = dict(request) if limit is None else {**request, "Limit": min(limit, request.get("Limit", limit))}
            try:
                response: Any = self._send(**wanted)
            except (ClientError, BotoCoreError) as error:
                failure = source_error(error, self._what)
                metadata: Any = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
                raise _GivenUpEarly(failure) if metadata.get("RetryQuotaReached") else failure from None
        metadata = response.pop("ResponseMetadata")
        body = response.get(_BODY)
        if body is None:
            if not self._warned:
                self._warned = True
                _log.warning("botocore no longer provides response bodies; reading through its slower parser")
            body = msgspec.json.encode(response)
        else:
            self._check_whole(body, metadata)
        return QueryResponse(bytes(body), wanted.get("Limit"), metadata.get("RetryAttempts", 0))

    def _end_where_stopped(self, response: tuple[Any, Any] | None, **_: object) -> None:
        # The SDK asks before it waits to send a request again, and after every good answer.
        if self._stop.is_set() and (response is None or response[0].status_code != HTTPStatus.OK):
            raise Interrupted(_STOPPED)

    def _check_whole(self, body: bytes, metadata: Mapping[str, Any]) -> None:
        # The SDK compares checksums and retries. When its attempts are exhausted it accepts the answer unchecked, and a
        # truncated body without a checksum is no error to it. Only a first attempt has certainly been compared.
        headers = metadata["HTTPHeaders"]
        crc, length = headers.get("x-amz-crc32"), headers.get("content-length")
        tried_again = metadata.get("RetryAttempts", 1) or metadata.get("RetryQuotaReached")
        damaged = crc is not None and tried_again and crc32(body) != int(crc)
        if damaged or (length is not None and len(body) != int(length)):
            failure = _damaged(self._what)
            raise _GivenUpEarly(failure) if crc is None or metadata.get("RetryQuotaReached") else failure
        if body[:1] != b"{":
            raise SourceError(
                f"the response for {self._what} is not from DynamoDB: it begins with {body[:40]!r}. "
                "Check AWS_ENDPOINT_URL and proxies."
            )


def source_error(error: ClientError | BotoCoreError, what: str) -> SourceError:
    """Return what an error of the SDK means to people, and what they can do."""
    if isinstance(error, ConnectionClosedError):
        return _damaged(what)
    if problem := credentials_problem(error):
        return SourceError(f"cannot read {what}: {problem}")
    if not isinstance(error, ClientError):
        return SourceError(f"cannot reach DynamoDB for {what}: {error}. Check the network and AWS_ENDPOINT_URL.")
    code, message = code_of(error), message_of(error)
    advice = {
        "ResourceNotFoundException": "Check DYNAMO_TABLE_NAME, GSI_NAME and AWS_REGION.",
        "AccessDeniedException": "The role needs dynamodb:DescribeTable on the table and dynamodb:Query on the index; "
        "for a scan, dynamodb:Scan on the table.",
        "ValidationException": "The request is not valid for this index. Compare the dataset's keys with the index.",
    }.get(code)
    if action := key_permission(message):
        advice = f"The role needs {action} on the table's key."
    elif code.startswith("KMS"):
        advice = "Check that the table's KMS key is enabled and that the role may use it."
    advice = advice or "Run again. Days already published stay as they are."
    return SourceError(f"cannot read {what}: {message} ({code}). {advice}")


def _damaged(what: str) -> SourceError:
    return SourceError(
        f"responses of {what} arrived damaged or incomplete in every attempt. None of them was used. "
        "Check the network and proxies between here and DynamoDB."
    )


def _take_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    # An error's body is left to botocore, which reads the error code from it.
    if response_dict["status_code"] == 200:
        customized_response_dict[_BODY] = response_dict["body"]
        response_dict["body"] = b"{}"
