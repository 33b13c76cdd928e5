"""What the programs are given is what they use: IAM actions against recorded calls, variables against what is read."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner

from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import Filters
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment as dashboard_settings
from dashboard.sign_in.access import SECRETS
from dashboard.sign_in.oidc.provider import FIELDS
from dataset_model.derivations import known_derivations
from dataset_model.loading import ENVIRONMENT_FIELDS
from exporter import stream_handler
from exporter.__main__ import cli
from exporter.cli import VERBS
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment as exporter_settings
from exporter.storage.athena import Athena
from infra.settings.templates import load_template
from local.sample.load import create_table
from local.server import serve

from .combinations import REQUIRED
from .documents import listed, statements
from .rendering import Rendering

BUCKET = "reports-access"

ACTIONS = {
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "CreateMultipartUpload"): "s3:PutObject",
    ("s3", "UploadPart"): "s3:PutObject",
    ("s3", "CompleteMultipartUpload"): "s3:PutObject",
}
"""Calls with an IAM action of another name (Service Authorization Reference); the others are `service:Call`."""

IN_THE_CALLERS_NAME = {
    # docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
    "glue:GetDatabase",
    "glue:GetTable",
    # docs.aws.amazon.com/athena/latest/ug/security-iam-athena-permissions-S3.html and the results' statement of the
    # managed policy AmazonAthenaFullAccess, without what makes buckets
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:AbortMultipartUpload",
    "s3:PutObject",
}
"""What Athena does with the caller's permissions. With partition projection it reads no partitions from Glue."""

RARELY = {
    "exporter": {
        "athena:StopQueryExecution",  # a statement of `verify` after half an hour
        "s3:AbortMultipartUpload",  # an upload that was interrupted
        "glue:UpdateTable",  # a new column, or a year outside the range
    },
    "dashboard": set(),
}
"""Calls that only a fault or a rare day brings about."""


@pytest.fixture
def variables(monkeypatch) -> Iterator[dict[str, str]]:
    """A stand-in with a table of contacts over two days, a bucket and a place for results."""
    with serve(port=0) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        for bucket in (BUCKET, f"{BUCKET}-results"):
            s3.create_bucket(Bucket=bucket)
        dynamodb = boto3.client("dynamodb")
        if "contacts" in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName="contacts")
        create_table(dynamodb)
        for day in ("2026-01-12", "2026-01-13"):
            dynamodb.put_item(TableName="contacts", Item=contact(day))
        yield {
            "DATASET": "contacts",
            "S3_BUCKET": BUCKET,
            "AWS_REGION": "us-east-1",
            "ATHENA_RESULTS": f"s3://{BUCKET}-results/",
            "ATHENA_DATABASE": "access",
        }
        dynamodb.delete_table(TableName="contacts")


def contact(day: str) -> dict[str, Any]:
    return {
        "ContactId": {"S": f"contact-{day}"},
        "Channel": {"S": "VOICE"},
        "InitiationTimestamp": {"S": f"{day}T10:00:00Z"},
        "AgentName": {"S": "Zoë"},
    }


def actions_of(found: set[tuple[str, str]]) -> set[str]:
    return {ACTIONS.get(call, ":".join(call)) for call in found}


def granted(name: str, resource: str) -> set[str]:
    rendering = Rendering(load_template(name).document, REQUIRED[name])
    properties = rendering.resources[resource]["Properties"]
    policy = properties.get("PolicyDocument") or properties["Policies"][0]["PolicyDocument"]
    return {action for statement in statements(policy) for action in listed(statement["Action"])}


def run_exporter(variables: dict[str, str]) -> None:
    """Export everything, then once more after a day has become empty."""
    settings = exporter_settings(variables)
    now = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    for emptied in (None, "2026-01-12"):
        if emptied:
            table = boto3.client("dynamodb").describe_table(TableName="contacts")["Table"]
            key = {part["AttributeName"]: contact(emptied)[part["AttributeName"]] for part in table["KeySchema"]}
            boto3.client("dynamodb").delete_item(TableName="contacts", Key=key)
        entry = ExportJob(settings, request_from_options(settings, now, everything=True)).run()
        assert entry.status == "succeeded", entry.error


AS_A_TASK = (
    ("export --all --json", 0),
    ("backfill --start 2026-01-01 --end 2026-01-31", 0),
    ("plan --all", 0),
    ("verify", 0),
    ("sync", 0),
    ("doctor", 1),  # it reports a quarantined item
    ("runs", 0),
    ("compact", 0),
    ("stream --once", 1),  # the table has none; to read one needs further permissions, as the guide says
    ("quarantine list", 0),
    ("quarantine retry --clear", 0),
    ("quicksight check", 1),  # the dataset has no target that QuickSight imports
)
"""Commands that run with the exporter's role, in an order in which each finds something to do; and their status."""

BY_A_PERSON = "discover --table contacts"
"""Comes before anything is deployed, so it runs with the credentials of the person who describes the table."""

OF_OTHER_TABLES = "lookup metrics"
"""Reads the tables of operations, which are no dataset's, with the credentials of the person who asks."""

OF_AN_EXPORT = "convert --export-arn ARN"
"""Reads a native export of the table, for which a role needs further permissions, as the exporter's guide says."""


OF_A_SCAN = "scan-segments --start 2026-01-14 --end 2026-01-15"
"""Reads the settings of the table; its segments are then read with the permission to scan."""

OF_CHANGED_DAYS = "changes"
"""Exports what has changed in the table, which needs the same permissions and two more."""

OF_CONVERSATIONS = "normalize"
"""Runs with the role of the conversations' stack (tests/infra/test_conversations.py)."""


def called_by(calls: set[tuple[str, str]], line: str, status: int = 0) -> set[tuple[str, str]]:
    """Service and operation of every request of one command."""
    calls.clear()
    done = CliRunner().invoke(cli, line.split())
    assert done.exit_code == status, done.output
    return set(calls)


def use_dashboard(variables: dict[str, str]) -> None:
    """Open the Overview and the Exports page, run a query, take its file away, stop one, save one and delete it."""
    service = Service(dashboard_settings(variables))
    contacts = service.dataset("contacts")
    service.library.save(contacts, "mine", "SELECT 1", 10)
    service.library.delete(contacts, service.library.saved(contacts)[0])
    assert service.overview("contacts", Filters()) is not None
    assert service.runs("contacts")
    statement = service.prepare("contacts", QueryRequest(query="all_records", limit=10))
    result = service.start("contacts", statement).outcome()
    service.objects.link(result.output_location, "rows.csv")
    service.athena.stop(result.query_execution_id)
    service.close()


def test_the_exporters_role_holds_what_its_commands_call(variables, calls, monkeypatch):
    """The role's actions are the calls of every command, what Athena does in its name, and nothing else."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    unreadable = contact("2026-01-14") | {"InitiationTimestamp": {"S": "nonsense"}}
    boto3.client("dynamodb").put_item(TableName="contacts", Item=unreadable)
    found = set().union(*(called_by(calls, line, status) for line, status in AS_A_TASK))
    lines = (
        *(line for line, _ in AS_A_TASK),
        BY_A_PERSON,
        OF_OTHER_TABLES,
        OF_AN_EXPORT,
        OF_A_SCAN,
        OF_CHANGED_DAYS,
        OF_CONVERSATIONS,
    )
    tried = {line.partition(" ")[0] for line in lines}
    assert tried == set(VERBS)
    calls.clear()
    run_exporter(variables)
    calls.discard(("dynamodb", "DeleteItem"))  # the test's own
    wanted = actions_of(found | calls) | IN_THE_CALLERS_NAME | RARELY["exporter"]
    assert granted("template", "ExporterRole") == wanted


def test_a_table_is_read_by_its_arn(variables):
    """`DYNAMO_TABLE_NAME` takes the ARN of a table, as a table of another account is named: its rows are exported."""
    arn = boto3.client("dynamodb").describe_table(TableName="contacts")["Table"]["TableArn"]
    assert re.fullmatch(r"arn:aws:dynamodb:us-east-1:\d{12}:table/contacts", arn)
    settings = exporter_settings(
        variables | {"DYNAMO_TABLE_NAME": arn, "S3_PREFIX": "by-arn", "ATHENA_DATABASE": "by_arn"}
    )
    now = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    entry = ExportJob(settings, request_from_options(settings, now, everything=True)).run()
    assert (entry.status, entry.rows) == ("succeeded", 2)


def test_discover_needs_what_the_guide_says(repository, variables, calls):
    """`discover` needs an action that no role here has; the guide names all that it calls."""
    found = actions_of(called_by(calls, BY_A_PERSON))
    guide = (repository / "docs" / "deploying.md").read_text(encoding="utf-8")
    (paragraph,) = [one for one in guide.split("\n\n") if "exporter discover" in one]
    assert set(re.findall(r"`(dynamodb:\w+)`", paragraph)) == found
    assert "dynamodb:Scan" in found - granted("template", "ExporterRole")


def test_the_dashboards_policy_holds_what_it_calls(variables, calls):
    """The policy's actions are the calls of pages, downloads and saved queries, and what Athena does in its name."""
    run_exporter(variables)
    calls.clear()
    use_dashboard(variables)
    wanted = actions_of(calls) | IN_THE_CALLERS_NAME | RARELY["dashboard"]
    assert granted("dashboard", "Access") == wanted


NOT_GIVEN = {
    "ATHENA_RESULTS": "the workgroup enforces a place for results",
    "AWS_DEFAULT_REGION": "AWS_REGION is given",
    "DATE_ATTRIBUTE": "the file of a dataset that is scanned says it",
    "SOURCE_KIND": "the same; a file that scans is deployed with an empty GsiName",
    "AWS_REGION": "Lambda sets it itself and refuses it from others",
    "S3_PUBLIC_ENDPOINT_URL": "the browser sees S3 under the name that the dashboard sees",
    "DASHBOARD_ALLOW_UNAUTHENTICATED": "a deployed dashboard is closed",
    "AUTH_SECRET_ARN": "SIGN_IN_SECRET names the secret before it is there",
}


def read_by(repository, program: str) -> set[str]:
    """Return the variables that a program's settings read, and those that describe a dataset."""
    text = (repository / program / "settings.py").read_text(encoding="utf-8")
    asked = r'(?:reader\.\w+|environment\.get|given\.get)\(\s*"([A-Z][A-Z0-9_]+)"'
    derived = {"TRANSCRIPT_KEY"} | {name for one in known_derivations().values() for name in one.settings}
    own = derived if program == "exporter" else set()
    return set(re.findall(asked, text)) | set(ENVIRONMENT_FIELDS) | {"DATASET"} | own


def given_by(name: str, resource: str, **parameters: str) -> set[str]:
    made = Rendering(load_template(name).document, REQUIRED[name] | parameters).resources[resource]["Properties"]
    if "Environment" in made:
        return set(made["Environment"]["Variables"])
    if "SourceConfiguration" in made:
        image = made["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"]
        return {one["Name"] for one in image["RuntimeEnvironmentVariables"]}
    return {one["Name"] for one in made["ContainerDefinitions"][0]["Environment"]}


@pytest.mark.parametrize(("host", "resource"), [("Fargate", "Task"), ("Lambda", "Function")])
def test_the_exporter_is_given_what_it_reads(repository, host, resource):
    """Task and function give every variable that the exporter reads, and none that it does not know."""
    given, read = given_by("template", resource, ExporterHost=host), read_by(repository, "exporter")
    assert given - read == set()
    assert read - given <= set(NOT_GIVEN)
    assert ("AWS_REGION" in given) == (host == "Fargate")


@pytest.mark.parametrize(("host", "resource"), [("EcsExpress", "Task"), ("AppRunner", "Runner"), ("Fargate", "Task")])
def test_the_dashboard_is_given_what_it_reads(repository, host, resource):
    """Every host gives every variable that the dashboard reads, sign-in and the way of the pages included."""
    network = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567,subnet-89abcdef"}
    given = given_by("dashboard", resource, DashboardHost=host, **network)
    sign_in = {"SIGN_IN_SECRET", "SIGN_IN_IDLE_MINUTES", "ROLE_MAP", "ROLE_CLAIM"}
    sign_in |= {"STRANGERS", "REPORT_DOMAINS"} if resource == "Task" else set()
    read = read_by(repository, "dashboard") | sign_in | {"HTTP_STREAM"}
    assert given - read == set()
    assert read - given <= set(NOT_GIVEN)


def test_the_query_function_is_given_what_it_reads(repository):
    """The function gives every variable that the dashboard reads, but for pages and sign-in, which it has not."""
    given = given_by("dashboard", "Query", QueryFunction="true")
    read = read_by(repository, "dashboard")
    assert given - read == set()
    assert read - given <= set(NOT_GIVEN) | {"HTTP_STREAM", "USER_QUERIES", "USER_BYTES_PER_DAY"}


def test_the_stream_function_is_given_what_it_reads(repository):
    """The function that writes changes gives every variable that the exporter reads, but for range and verification."""
    given, read = given_by("stream", "Changes"), read_by(repository, "exporter")
    assert given - read == set()
    ranges = {"DATE_RANGE_MODE", "LOOKBACK_HOURS", "LOOKBACK_DAYS", "ATHENA_WORKGROUP"}
    assert read - given <= set(NOT_GIVEN) | ranges


def test_the_stream_function_may_do_what_it_does(variables, calls, monkeypatch):
    """A batch of changes makes no call that the function's role does not hold."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("S3_PREFIX", "by-stream")
    monkeypatch.setenv("ATHENA_DATABASE", "by_stream")
    image = contact("2026-01-12")
    key = {"ContactId": image["ContactId"]}
    change = {
        "Keys": key, "NewImage": image, "SequenceNumber": "100000000000000000001", "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1768212000,
    }  # fmt: skip
    record = {"eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "dynamodb": change}
    stream_handler._writer.cache_clear()  # another test's, of another stand-in
    calls.clear()
    assert stream_handler.handler({"Records": [record]}, None) == {"batchItemFailures": []}
    found = actions_of(calls)
    assert {"dynamodb:DescribeTable", "s3:PutObject", "glue:CreateTable"} <= found
    assert found <= granted("stream", "ChangesRole")


def test_the_dashboard_knows_the_secret_by_this_name():
    """The variable that names the sign-in secret, and its keys, are those that the dashboard reads."""
    assert "SIGN_IN_SECRET" in SECRETS
    assert {"client_id", "client_secret", "redirect_uri", "cookie_secret"} <= set(FIELDS)


def test_the_saved_queries_run(variables):
    """Each of the four saved queries is SQL that runs on an exported table."""
    run_exporter(variables)
    rendering = Rendering(
        load_template("template").document,
        REQUIRED["template"]
        | {"AthenaDatabase": "access", "AthenaTable": exporter_settings(variables).dataset.target.table},
    )
    saved = [one["Properties"] for one in rendering.resources.values() if one["Type"] == "AWS::Athena::NamedQuery"]
    athena = Athena(boto3.client("athena"), workgroup=None, results=variables["ATHENA_RESULTS"])
    rows = {query["Name"]: len(athena.run(query["QueryString"], "access").rows) for query in saved}
    assert rows == {"all records": 1, "date range": 1, "daily summary": 1, "one partition": 0}


def test_hosts_and_image_agree_on_the_port(repository):
    """The port that the image listens on is the one that every host connects to."""
    image = (repository / "Dockerfile.dashboard").read_text(encoding="utf-8")
    (port,) = re.findall(r"^EXPOSE (\d+)$", image, re.MULTILINE)
    network = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567,subnet-89abcdef"}
    resources = {
        host: Rendering(load_template("dashboard").document, REQUIRED["dashboard"] | network | {"DashboardHost": host})
        for host in ("EcsExpress", "AppRunner", "Fargate")
    }
    express = resources["EcsExpress"].resources["Task"]["Properties"]["ContainerDefinitions"][0]["PortMappings"][0]
    runner = resources["AppRunner"].resources["Runner"]["Properties"]["SourceConfiguration"]["ImageRepository"]
    fargate = resources["Fargate"].resources
    container = fargate["Task"]["Properties"]["ContainerDefinitions"][0]
    assert str(express["ContainerPort"]) == port == runner["ImageConfiguration"]["Port"]
    assert {container["PortMappings"][0]["ContainerPort"], fargate["Targets"]["Properties"]["Port"]} == {int(port)}
