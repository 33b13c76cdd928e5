"""A secret's name flows in, its text flows out. The only module with a Secrets Manager client."""

from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dashboard.aws.errors import error_from_sdk
from sdk_session import new_client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManager:
    """Reads one secret by ARN (then in the region of the ARN) or by name."""

    def __init__(self, secret: str, region: str | None = None) -> None:
        self._secret = secret
        parts = secret.split(":")
        self._region = parts[3] if len(parts) > 6 and parts[3] else region

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
        client: SecretsManagerClient = new_client("secretsmanager", region_name=self._region, config=config)
        return client

    def text(self) -> str:
        """Return the secret's current text, "" while it has none. Raises a DashboardError."""
        try:
            return self._client.get_secret_value(SecretId=self._secret).get("SecretString", "")
        except ClientError as error:
            # The answer for a secret without a version is that for a missing secret.
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return ""
            raise error_from_sdk(error, "Secrets Manager", f"reading the secret {self._secret}") from error
        except BotoCoreError as error:
            raise error_from_sdk(error, "Secrets Manager", f"reading the secret {self._secret}") from error
