"""Errors of the SDK and reasons of Athena flow in; errors of this program flow out."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from dashboard.errors import (
    AccessDenied,
    AthenaUnreachable,
    DashboardError,
    QueryCancelled,
    QueryError,
    QueryFailed,
    StorageFailed,
    TableMissing,
    Throttled,
)

_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded", "Throttling"}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "403",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
}
_MISSING = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "DATABASE_NOT_FOUND", "EntityNotFoundException", "does not exist")
_REFUSED = ("Access Denied", "AccessDenied", "Insufficient permissions", "PERMISSION_DENIED", "not authorized")


def error_from_sdk(error: BaseException, service: str, doing: str) -> DashboardError:
    """Return the DashboardError for an SDK error; `service` is "Athena" or "S3", `doing` reads "listing s3://bucket/prefix".

    Follows the chain of causes, because PyAthena wraps the SDK's errors.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ClientError | BotoCoreError):
        cause = cause.__cause__
    if isinstance(cause, ClientError):
        return _from_answer(cause, service, doing)
    if isinstance(cause, NoCredentialsError | PartialCredentialsError | NoRegionError):
        return AccessDenied(f"{service}: {doing} needs credentials and a region: {cause}")
    if isinstance(cause, BotoConnectionError | HTTPClientError):
        return AthenaUnreachable(
            f"{service} did not answer while {doing} ({cause}). Check AWS_ENDPOINT_URL, AWS_REGION and the network, "
            "then try again."
        )
    if isinstance(cause, IncompleteReadError):
        return StorageFailed(f"S3 broke off its answer while {doing} ({cause}). Try again in a minute.")
    return (
        StorageFailed(f"S3: {doing} failed: {cause or error}") if service == "S3" else QueryFailed(str(cause or error))
    )


def error_from_reason(state: str, reason: str, query_execution_id: str) -> QueryError | AccessDenied:
    """Return the error of a query that ended as FAILED or CANCELLED; `reason` is Athena's StateChangeReason."""
    if state == "CANCELLED":
        detail = f" ({reason})" if reason and "cancel" not in reason.lower() else ""
        return QueryCancelled(f"The query was stopped in Athena before its end{detail}.", query_execution_id)
    detail = reason.rstrip(".")
    # Athena's text for a missing column is also that of a denied one. The error code is different.
    is_column = "COLUMN_NOT_FOUND" in reason
    if not is_column and any(sign in reason for sign in _MISSING):
        return TableMissing(
            f"Athena does not know the table: {detail}. Run an export, or check ATHENA_DATABASE and ATHENA_TABLE.",
            query_execution_id,
        )
    if not is_column and any(sign in reason for sign in _REFUSED):
        return AccessDenied(f"Athena may not read what the query needs: {detail}. Give the role that permission.")
    return QueryFailed(reason or "it gave no reason", query_execution_id)


def _from_answer(error: ClientError, service: str, doing: str) -> DashboardError:
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "") or str(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _THROTTLED or status == 429:
        return Throttled(f"{service} asked for fewer requests while {doing}. Try again in a minute.")
    if code in _DENIED or status == 403:
        return AccessDenied(f"{service} refused {doing}: {message.rstrip('.')}. Give the role that permission.")
    if status >= 500:
        return AthenaUnreachable(f"{service} has a fault: {code} while {doing}. Try again in a minute.")
    if "output location" in message.lower():
        return QueryFailed(f"{message.rstrip('.')}. Set ATHENA_RESULTS, or a place for results in the workgroup.")
    if service == "S3":
        return StorageFailed(f"S3 refused {doing}: {message.rstrip('.')} ({code}). Check the bucket and the key.")
    return error_from_reason("FAILED", message, "") if service == "Athena" else QueryFailed(f"{service}: {message}")
