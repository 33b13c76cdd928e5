"""A region flows in, AWS clients flow out; endpoints, credentials and profiles come from the SDK's own variables.

They are botocore's clients, made by `sdk_session`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from dataset_model import Fault
from exporter.errors import SettingsError
from sdk_session import new_client, new_session

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

# Throttling is normal for a reader of a busy index, so the SDK backs off and tries again for minutes, not seconds.
_RETRIES: Any = {"mode": "standard", "total_max_attempts": 12}

_OPTIONAL: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 2}, "connect_timeout": 5}
"""For services that a run does not depend on."""

READ_SECONDS = 60.0
"""Longest pause within a response; after it the request is sent again."""


@dataclass(frozen=True)
class Clients:
    """One client per service, each made when it is first needed."""

    region: str

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Reads the index. DynamoDB checks the parameters of every request itself."""
        client: DynamoDBClient = self._client("dynamodb", max_pool_connections=64, parameter_validation=False)
        return client

    @cached_property
    def streams(self) -> Any:
        """Reads the shards of a table's stream."""
        return self._client("dynamodbstreams")

    @cached_property
    def s3(self) -> "S3Client":
        """Reads and writes the bucket. Path style works on AWS and where a bucket's name is no host name."""
        client: S3Client = self._client("s3", s3={"addressing_style": "path"})
        return client

    @cached_property
    def glue(self) -> "GlueClient":
        """Stores the table's definition."""
        client: GlueClient = self._client("glue")
        return client

    @cached_property
    def athena(self) -> "AthenaClient":
        """Counts what readers see."""
        client: AthenaClient = self._client("athena")
        return client

    @cached_property
    def quicksight(self) -> Any:
        """Knows what ingestions have dropped."""
        return self._client("quicksight")

    @cached_property
    def lambda_(self) -> Any:
        """Knows the mappings of a stream. A network without its endpoint is noticed soon."""
        return self._client("lambda", **_OPTIONAL)

    @cached_property
    def cloudwatch(self) -> Any:
        """Knows how old the records of a stream are when they are read."""
        return self._client("cloudwatch", **_OPTIONAL)

    @cached_property
    def sts(self) -> Any:
        """Knows the account of the credentials."""
        return self._client("sts")

    @cached_property
    def _session(self) -> Session:
        return new_session()

    def _client(self, service: str, **more: object) -> Any:
        # The SDK would compose its own user agent for every request, at a tenth of a request's cost.
        agent = f"dynamodb-reporting Botocore/{botocore_version}"
        settings = {"retries": _RETRIES, "connect_timeout": 10, "read_timeout": READ_SECONDS, "user_agent": agent}
        config = Config(**(settings | more))
        return self._session.create_client(service, region_name=self.region, config=config)


def fetch_text(uri: str) -> str:
    """Return the text at an `s3://bucket/key` path; raise SettingsError naming `DATASET` where it cannot be read."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        client: Any = new_client("s3")
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body.decode()
    except (ClientError, BotoCoreError, UnicodeDecodeError) as error:
        raise SettingsError([Fault("environment", "DATASET", "a readable file", f"{uri} ({error})")]) from None
