"""The server itself: one port for everything, started and stopped cleanly, S3 as strict as the real one."""

import io
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from stand_in import Aws

from local.server import ServeError, serve


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_used_port_is_one_clear_line():
    """A used port gives one line that says what to do, and exit status 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_cli("serve", "--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Stop what uses the port, or choose another with --port.\n"
    )


def test_a_remote_host_needs_a_flag():
    """The server leaves loopback only with an explicit option."""
    with pytest.raises(ServeError, match="--allow-remote"):
        serve(host="0.0.0.0")  # noqa: S104 - refusing it is the subject
    assert run_cli("serve", "--host", "0.0.0.0").returncode == 2  # noqa: S104


def test_remote_is_possible_on_request():
    """Inside a container the server may listen on every address."""
    with serve(host="0.0.0.0", allow_remote=True) as server:  # noqa: S104
        assert server.url.startswith("http://127.0.0.1:")


def test_the_command_serves_until_it_is_told_to_stop():
    """`python -m local serve` says when it is ready and ends with status 0 on SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    ready = process.stderr.readline()
    url = ready.strip().removeprefix("Ready. export AWS_ENDPOINT_URL=")
    aws = Aws(url)
    assert aws.athena.list_data_catalogs()["DataCatalogsSummary"][0]["Type"] == "GLUE"
    begun = time.monotonic()
    process.terminate()
    assert process.wait(timeout=20) == 0
    process.stderr.close()
    assert time.monotonic() - begun < 10


def test_servers_follow_one_another(server, aws):
    """A port is free again as soon as a server is closed, and closing twice is harmless."""
    with serve() as first:
        port = first.port
        urllib.request.urlopen(first.url, timeout=5).close()
    first.close()
    with serve(port) as second:
        assert second.port == port
    assert aws.s3.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_reset_empties_everything():
    """After reset there are no buckets, tables, databases, workgroups or queries; in a process of its own."""
    script = """
import boto3, os
from local.server import serve
given = dict(aws_access_key_id="t", aws_secret_access_key="t", region_name="us-east-1")
with serve() as server:
    client = lambda name: boto3.client(name, endpoint_url=server.url, **given)
    client("s3").create_bucket(Bucket="bucket-one")
    client("glue").create_database(DatabaseInput={"Name": "one"})
    client("athena").create_work_group(Name="one")
    keys = [{"AttributeName": "id", "AttributeType": "S"}]
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    client("dynamodb").create_table(
        TableName="one", AttributeDefinitions=keys, KeySchema=schema, BillingMode="PAY_PER_REQUEST")
    server.reset()
    print(len(client("s3").list_buckets()["Buckets"]), len(client("glue").get_databases()["DatabaseList"]),
          len(client("athena").list_work_groups()["WorkGroups"]), client("dynamodb").list_tables()["TableNames"])
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "0 0 1 []\n", ended.stderr


def test_the_catalogue_can_be_elsewhere(place, server):
    """Athena's S3 and Glue may be other endpoints, so that it works together with another stand-in."""
    place.create_table("t", "a int")
    with serve(s3_endpoint=server.url, glue_endpoint=server.url) as second:
        athena = Aws(second.url).athena
        answer = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=place.database)
    assert [table["Name"] for table in answer["TableMetadataList"]] == ["t"]


def test_ranges(place):
    """A range request gets those bytes."""
    place.aws.s3.put_object(Bucket=place.bucket, Key="k", Body=b"0123456789")
    answer = place.aws.s3.get_object(Bucket=place.bucket, Key="k", Range="bytes=2-4")
    assert (answer["Body"].read(), answer["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert place.aws.s3.get_object(Bucket=place.bucket, Key="k", Range="bytes=-3")["Body"].read() == b"789"


def test_multipart_upload(place):
    """A large object arrives whole through a multipart upload, with checksums in the trailers."""
    body = bytes(range(256)) * 50_000
    place.aws.s3.upload_fileobj(io.BytesIO(body), place.bucket, "big")
    assert place.aws.s3.get_object(Bucket=place.bucket, Key="big")["Body"].read() == body


@pytest.mark.parametrize("exists", [True, False])
def test_if_none_match(place, exists):
    """If-None-Match: * creates an object and never replaces one."""
    if exists:
        place.aws.s3.put_object(Bucket=place.bucket, Key="k", Body=b"old")
        with pytest.raises(place.aws.s3.exceptions.ClientError, match="PreconditionFailed"):
            place.aws.s3.put_object(Bucket=place.bucket, Key="k", Body=b"new", IfNoneMatch="*")
    else:
        place.aws.s3.put_object(Bucket=place.bucket, Key="k", Body=b"new", IfNoneMatch="*")
    body = place.aws.s3.get_object(Bucket=place.bucket, Key="k")["Body"].read()
    assert body == (b"old" if exists else b"new")


def test_if_match(place):
    """If-Match replaces exactly the version that was seen."""
    s3 = place.aws.s3
    seen = s3.put_object(Bucket=place.bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=place.bucket, Key="k", Body=b"2", IfMatch=seen)
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=place.bucket, Key="k", Body=b"3", IfMatch=seen)
    assert s3.get_object(Bucket=place.bucket, Key="k")["Body"].read() == b"2"


def completed(s3, bucket, **condition):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"new")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    return s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts, **condition)


def test_conditions_on_completing_an_upload(place):
    """Completing a multipart upload honours If-Match and If-None-Match, too."""
    s3 = place.aws.s3
    seen = s3.put_object(Bucket=place.bucket, Key="k", Body=b"old")["ETag"]
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        completed(s3, place.bucket, IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        completed(s3, place.bucket, IfMatch='"0123"')
    completed(s3, place.bucket, IfMatch=seen)
    assert s3.get_object(Bucket=place.bucket, Key="k")["Body"].read() == b"new"


def test_one_of_many_concurrent_creators_wins(place):
    """Of many clients that create the same object at once, exactly one succeeds."""

    def create(number):
        try:
            place.aws.s3.put_object(Bucket=place.bucket, Key="k", Body=b"%d" % number, IfNoneMatch="*")
        except place.aws.s3.exceptions.ClientError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(create, range(16)) if number is not None]
    assert len(winners) == 1
    assert place.aws.s3.get_object(Bucket=place.bucket, Key="k")["Body"].read() == b"%d" % winners[0]


def test_concurrent_puts_and_queries(place):
    """Writers and readers at once neither fail nor lose anything."""
    place.rows(
        f"CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{place.bucket}/t/'"
    )

    def work(number):
        place.aws.s3.put_object(Bucket=place.bucket, Key=f"t/{number}", Body=b"1\n" * 10)
        return int(place.rows("SELECT count(*) FROM t")[0][0])

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(work, range(24)))
    assert max(counts) == 240
    assert all(count % 10 == 0 for count in counts)


def test_answers_are_quick(place):
    """A hundred small requests over one connection take well under 20 ms each."""
    begun = time.monotonic()
    for number in range(50):
        place.aws.s3.put_object(Bucket=place.bucket, Key=f"k{number}", Body=b"x")
        place.aws.s3.get_object(Bucket=place.bucket, Key=f"k{number}")["Body"].read()
    assert time.monotonic() - begun < 5  # half a second on an idle machine


def test_dynamodb_is_there(place):
    """Tables, indexes and queries of DynamoDB work on the same port."""
    dynamodb = place.aws.dynamodb
    name = place.database
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in ("id", "channel", "at")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "channel-at",
                "KeySchema": [
                    {"AttributeName": "channel", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for number in range(3):
        item = {"id": {"S": str(number)}, "channel": {"S": "VOICE"}, "at": {"S": f"2026-02-0{number + 1}"}}
        dynamodb.put_item(TableName=name, Item=item)
    found = dynamodb.query(
        TableName=name,
        IndexName="channel-at",
        KeyConditionExpression="channel = :c AND #at BETWEEN :a AND :b",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":c": {"S": "VOICE"}, ":a": {"S": "2026-02-02"}, ":b": {"S": "2026-02-03"}},
    )
    assert [item["id"]["S"] for item in found["Items"]] == ["1", "2"]
