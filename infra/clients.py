"""boto3 clients of one region, made when they are first needed; profile and endpoint come from the SDK's variables."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Clients:
    """One client per service. They are not typed: the stubs of ten services are too large for this use."""

    region: str

    @cached_property
    def cloudformation(self) -> Any:
        """Stacks."""
        return self._client("cloudformation")

    @cached_property
    def ecr(self) -> Any:
        """Images."""
        return self._client("ecr")

    @cached_property
    def ecs(self) -> Any:
        """The exporter as a task."""
        return self._client("ecs")

    @cached_property
    def lambda_(self) -> Any:
        """The exporter as a function; a run may take 15 minutes, and asking twice would run it twice."""
        return boto3.client(
            "lambda", region_name=self.region, config=Config(read_timeout=910, retries={"total_max_attempts": 1})
        )

    @cached_property
    def logs(self) -> Any:
        """Log groups."""
        return self._client("logs")

    @cached_property
    def cloudwatch(self) -> Any:
        """Alarms."""
        return self._client("cloudwatch")

    @cached_property
    def sns(self) -> Any:
        """The alarm topic's subscriptions."""
        return self._client("sns")

    @cached_property
    def s3(self) -> Any:
        """Buckets. Path style works on AWS and where a bucket's name is no host name."""
        return boto3.client("s3", region_name=self.region, config=Config(s3={"addressing_style": "path"}))

    @cached_property
    def dynamodb(self) -> Any:
        """The table, where it is deleted."""
        return self._client("dynamodb")

    def _client(self, name: str) -> Any:
        return boto3.client(name, region_name=self.region, config=Config(retries={"mode": "standard"}))  # type: ignore[call-overload]  # the name is no literal
