"""A configured endpoint flows in, a bucket and a table with sample contacts flow out, as compose needs them.

A second run finds both in place and changes nothing.
"""

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.sample import load
from local.sample.contacts import contacts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@click.command()
@click.option("--bucket", envvar="S3_BUCKET", required=True, help="Bucket to create. Default: S3_BUCKET.")
@click.option("--items", default=12_000, show_default=True, help="Sample contacts that the table should hold.")
@click.option("--wait", default=90.0, show_default=True, help="Seconds that the services may take to answer.")
def prepare(bucket: str, items: int, wait: float) -> None:
    """Create the bucket and the table with sample contacts where they are missing."""
    config = Config(connect_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
    s3 = boto3.client("s3", config=config.merge(Config(s3={"addressing_style": "path"})))
    dynamodb = boto3.client("dynamodb", config=config)
    _await(s3, dynamodb, wait)
    try:
        made = _create_bucket(s3, bucket)
        click.echo(f"bucket {bucket}: {'created' if made else 'there already'}", err=True)
        load.create_table(dynamodb)
        # The item count shows whether an earlier run was complete.
        held = dynamodb.describe_table(TableName=load.TABLE)["Table"]["ItemCount"]
        if held >= items:
            click.echo(f"table {load.TABLE}: {held:,} contacts, nothing to load", err=True)
            return
        started = time.monotonic()
        written = load.load(dynamodb, contacts(items, dt.datetime.now(dt.UTC)))
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"table {load.TABLE}: {written:,} contacts loaded in {time.monotonic() - started:.1f} s", err=True)


def _await(s3: "S3Client", dynamodb: "DynamoDBClient", seconds: float) -> None:
    """Wait until both services answer; a starting LocalStack refuses connections first, then answers 5xx."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            s3.list_buckets()
            dynamodb.list_tables(Limit=1)
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise click.ClickException(f"no answer within {seconds:.0f} s: {error}") from None
            time.sleep(1)
        else:
            return


def _create_bucket(s3: "S3Client", bucket: str) -> bool:
    """Create a bucket in the client's region; return False where it is there already."""
    if bucket in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        return False
    more: dict[str, Any] = {}
    if s3.meta.region_name != "us-east-1":  # the one region that must not be named
        more = {"CreateBucketConfiguration": {"LocationConstraint": s3.meta.region_name}}
    s3.create_bucket(Bucket=bucket, **more)
    return True
