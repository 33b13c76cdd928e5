"""An error of the SDK flows in, advice about credentials and keys flows out, the same for every service."""

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_NOT_ACCEPTED = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId", "AuthFailure",
    "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature",
}  # fmt: skip
_NO_CREDENTIALS = (
    NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError, SSOError,
    ProfileNotFound,
)  # fmt: skip
_VARIABLES = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE"
_KEY_ACTION = re.compile(r"\bkms:\w+")


def code_of(error: ClientError | BotoCoreError) -> str:
    """Return the service's error code, "" where the service gave none; a HEAD request's code is its HTTP status."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def message_of(error: ClientError | BotoCoreError) -> str:
    """Return the service's own message, or the SDK's where there is none."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", "") or error)
    return str(error)


def credentials_problem(error: ClientError | BotoCoreError) -> str | None:
    """Return what is wrong with the credentials and what to do, or None where the error is about something else."""
    code = code_of(error)
    if code in _EXPIRED:
        return f"the credentials have expired: {message_of(error)} ({code}). Renew them and run again."
    if code in _NOT_ACCEPTED:
        return f"the credentials are not accepted: {message_of(error)} ({code}). Check {_VARIABLES}."
    if isinstance(error, _NO_CREDENTIALS):
        return f"no usable credentials: {error}. Set {_VARIABLES}."
    return None


def key_permission(message: str) -> str | None:
    """Return the KMS action that a refusal names, such as `kms:GenerateDataKey`; None where it names none."""
    found = _KEY_ACTION.search(message)
    return found[0] if found else None
