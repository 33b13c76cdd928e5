"""A mail flows in, Amazon SES gets it. The only module with an SES client."""

from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from dashboard.aws.errors import error_from_sdk
from dashboard.errors import PerhapsSent
from sdk_session import new_client


class MailService:
    """Sends mails by SES version 2, in a region."""

    def __init__(self, region: str | None = None) -> None:
        self._region = region

    @cached_property
    def _client(self) -> Any:
        # A repeated request is a second mail: the caller repeats, and says so in the mail.
        config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 1})
        return new_client("sesv2", region_name=self._region, config=config)

    def send(self, body: bytes, sender: str, reader: str) -> None:
        """Give a mail to SES; raises DashboardError, PerhapsSent where it may have been accepted."""
        try:
            self._client.send_email(
                FromEmailAddress=sender, Destination={"ToAddresses": [reader]}, Content={"Raw": {"Data": body}}
            )
        except (ClientError, BotoCoreError) as error:
            if _may_have_arrived(error):
                raise PerhapsSent(f"SES broke off after it was given the mail: {error}") from error
            raise error_from_sdk(error, "SES", f"sending to {reader}") from error


def _may_have_arrived(error: Exception) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return bool(status >= 500)
    return not isinstance(error, EndpointConnectionError | ConnectTimeoutError)
