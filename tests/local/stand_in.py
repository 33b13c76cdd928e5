"""Clients of a running stand-in, and how the tests' tables are partitioned."""

import boto3
from botocore.config import Config

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
DATE_PROJECTION = {
    "projection.enabled": "true",
    "projection.year.type": "integer",
    "projection.year.range": "2020,2030",
    "projection.month.type": "integer",
    "projection.month.range": "1,12",
    "projection.month.digits": "2",
    "projection.day.type": "integer",
    "projection.day.range": "1,31",
    "projection.day.digits": "2",
}
PARTITIONED_BY_DAY = "PARTITIONED BY (year int, month int, day int)"


class Aws:
    """SDK clients for a server."""

    def __init__(self, url: str) -> None:
        config = Config(s3={"addressing_style": "path"})
        self.s3 = boto3.client("s3", endpoint_url=url, config=config, **CREDENTIALS)
        self.glue = boto3.client("glue", endpoint_url=url, **CREDENTIALS)
        self.athena = boto3.client("athena", endpoint_url=url, **CREDENTIALS)
        self.dynamodb = boto3.client("dynamodb", endpoint_url=url, **CREDENTIALS)
