"""The template of the conversations: names, tags, rights, what starts the step, and its two environments."""

import boto3
import pytest
from botocore.config import Config
from cfnlint.api import lint
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from exporter.conversations.handler import handler
from exporter.conversations.settings import conversation_settings
from infra.settings.templates import FOLDER, MOST_BYTES, document_from_text
from local.server import serve

from .documents import listed, statements
from .rendering import ACCOUNT, REGION, Rendering
from .rules import RULES
from .schemas import faults_in_schema
from .standalone import NETWORK, conversations, installation

TEXT = (FOLDER / "conversations.yaml").read_text(encoding="utf-8")
DOCUMENT = document_from_text(TEXT)
BUCKET = f"cat-test-conversations-{ACCOUNT}-{REGION}"


def rendered(environment: str = "test", **parameters: str) -> dict:
    rendering = Rendering(DOCUMENT, conversations(environment) | parameters)
    assert rendering.broken_rules == []
    return rendering.resources


def test_the_checkers_find_nothing():
    """cfn-lint, the resource schemas and the size limit have nothing to say, as a function and as a task."""
    assert [f"{match.rule.id} {match.message}" for match in lint(TEXT)] == []
    assert len(TEXT.encode()) < MOST_BYTES
    for more in ({}, NETWORK, {"AlarmEmail": "reports@example.com", "ExporterArchitecture": "ARM64"}):
        for resource in rendered(**more).values():
            assert list(faults_in_schema(resource["Type"], resource["Properties"])) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_of_every_template(rule):
    """The rules of the other templates hold; query results alone expire, which have no bucket of their own here."""
    meant = {"kept_data": ["published days expire"]}
    assert list(rule(DOCUMENT)) == meant.get(rule.__name__, [])


def test_only_results_expire_and_replaced_objects_stay_a_month():
    """30 days for noncurrent versions, 8 days below athenaResultsPrefix, 2 days for broken uploads."""
    bucket = rendered(athenaResultsPrefix="results")["Data"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    kept, results, broken = bucket["LifecycleConfiguration"]["Rules"]
    assert (kept["NoncurrentVersionExpiration"], "ExpirationInDays" in kept) == ({"NoncurrentDays": 30}, False)
    assert (results["Prefix"], results["ExpirationInDays"]) == ("results/", 8)
    assert "ExpirationInDays" not in broken


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_names_begin_with_the_environment(environment):
    """Function, workgroup, database and bucket have the names that people know; no other name has another beginning."""
    made = rendered(environment, **NETWORK, AlarmEmail="reports@example.com")
    assert made["Normalize"]["Properties"]["FunctionName"] == f"cat-{environment}-lambda-normalize"
    assert made["Workgroup"]["Properties"]["Name"] == f"wg-cat-{environment}-analytics"
    assert made["Database"]["Properties"]["DatabaseInput"]["Name"] == f"cat_{environment}_analytics_db"
    assert made["Data"]["Properties"]["BucketName"] == f"cat-{environment}-conversations-{ACCOUNT}-{REGION}"
    kinds = ("FunctionName", "BucketName", "QueueName", "TopicName", "AlarmName", "ClusterName", "Family")
    names = [
        one["Properties"][kind] for one in made.values() for kind in kinds
        if kind in one["Properties"] and not one["Type"].endswith(("Permission", "EventInvokeConfig"))
    ]  # fmt: skip
    assert {name.removeprefix(f"cat-{environment}-") for name in names} == {
        f"conversations-{ACCOUNT}-{REGION}", "lambda-normalize", "undelivered", "cluster", "task-normalize", "alarms",
        "failed-run", "undelivered-starts", *(["missed-run"] if environment == "prod" else []),
    }  # fmt: skip


@pytest.mark.parametrize(("environment", "tag"), [("test", "TEST"), ("prod", "PROD")])
def test_every_resource_that_takes_tags_has_them(environment, tag):
    """Eight tags; ETL-1 extracts and transforms, ETL-2 transforms and loads; ResourceType names the kind."""
    tagged = {}
    for name, resource in rendered(environment, **NETWORK).items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
        if "Tags" in schema["properties"]:
            tagged[name] = {one["Key"]: one["Value"] for one in resource["Properties"]["Tags"]}
    assert {name: found["ResourceType"] for name, found in tagged.items()} == {
        "Data": "Bucket", "Workgroup": "Workgroup", "NormalizeLog": "LogGroup", "NormalizeRole": "Role",
        "Normalize": "Function", "TaskGuard": "SecurityGroup", "StartRole": "Role", "Cluster": "Cluster",
        "Task": "TaskDefinition", "ScheduleRole": "Role", "Undelivered": "Queue", "Topic": "Topic",
        "FailedRun": "Alarm",
        "UndeliveredStarts": "Alarm", "TaskFailures": "Rule", **({"MissedRun": "Alarm"} if tag == "PROD" else {}),
    }  # fmt: skip
    for name, found in tagged.items():
        loads = name in {"Data", "Workgroup"}
        assert found == {
            "Environment": tag, "Project": "conversations", "ProjectId": "shop", "Client": "north-retail",
            "ManagedBy": "CloudFormation", "ETLComponent": "ETL-2" if loads else "ETL-1",
            "ETLStage": "TRANSFORM-LOAD" if loads else "EXTRACT-TRANSFORM", "ResourceType": found["ResourceType"],
        }  # fmt: skip


def test_a_task_has_the_tags_of_its_definition():
    """The schedule and the command by hand propagate them."""
    made = rendered(**NETWORK)
    assert made["TaskSchedule"]["Properties"]["Target"]["EcsParameters"]["PropagateTags"] == "TASK_DEFINITION"
    rendering = Rendering(DOCUMENT, conversations("test") | NETWORK)
    assert "--propagate-tags TASK_DEFINITION" in rendering.outputs["RunCommand"]
    (container,) = made["Task"]["Properties"]["ContainerDefinitions"]
    assert container["Command"] == ["normalize", "--json"]


def test_prod_runs_daily_and_test_by_hand():
    """Production at 04:30 UTC; test has the schedule off. By hand it is an invocation with `{}`."""
    found = {name: rendered(name)["FunctionSchedule"]["Properties"] for name in ("test", "prod")}
    assert {name: one["State"] for name, one in found.items()} == {"test": "DISABLED", "prod": "ENABLED"}
    assert (found["prod"]["ScheduleExpression"], found["prod"]["ScheduleExpressionTimezone"]) == (
        "cron(30 4 * * ? *)", "UTC",
    )  # fmt: skip
    assert found["prod"]["Target"]["Input"] == "{}"
    command = Rendering(DOCUMENT, conversations("prod")).outputs["RunCommand"]
    assert command.endswith("--payload '{}' report.json")


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_the_files_of_the_environments_name_parameters_that_there_are(environment):
    """Every parameter is declared, and the image alone is left to give."""
    given, declared = installation(environment), DOCUMENT["Parameters"]
    assert set(given) <= set(declared)
    assert {name for name, one in declared.items() if "Default" not in one} - set(given) == {"ExporterImage"}
    assert given["Environment"] == environment


def test_the_prefixes_are_parameters_with_the_known_names():
    """cleanPrefix, curatedPrefix and athenaResultsPrefix; two that are alike are refused."""
    defaults = {
        name: DOCUMENT["Parameters"][name]["Default"]
        for name in ("cleanPrefix", "curatedPrefix", "athenaResultsPrefix")
    }
    assert list(defaults.values()) == ["reports/etl-process1", "curated", "athena-results"]
    alike = Rendering(DOCUMENT, conversations("test") | {"athenaResultsPrefix": "curated"})
    assert alike.broken_rules == ["athenaResultsPrefix and curatedPrefix have to differ, because results expire."]


def test_a_csv_that_is_put_starts_the_function():
    """S3 notifies the function of CSV files below cleanPrefix only, and only the bucket may invoke it."""
    made = rendered(cleanPrefix="in/csv")
    (notified,) = made["Data"]["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    assert notified["Event"] == "s3:ObjectCreated:*"
    assert notified["Filter"]["S3Key"]["Rules"] == [
        {"Name": "prefix", "Value": "in/csv/"},
        {"Name": "suffix", "Value": ".csv"},
    ]
    permission = made["CsvInvokes"]["Properties"]
    assert permission["SourceArn"] == f"arn:aws:s3:::{BUCKET}"
    assert (permission["Principal"], permission["SourceAccount"]) == ("s3.amazonaws.com", ACCOUNT)
    assert DOCUMENT["Resources"]["Data"]["DependsOn"] == "CsvInvokes"


def test_it_deploys_in_the_emulator(operator):
    """A stack by the file of the test environment: its resources are there, under their names and with their tags."""
    cloudformation = operator.clients.cloudformation
    given = conversations("test")
    cloudformation.create_stack(
        StackName="cat-test",
        TemplateBody=TEXT,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName="cat-test")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert (outputs["AthenaWorkgroup"], outputs["AthenaDatabase"]) == ("wg-cat-test-analytics", "cat_test_analytics_db")
    s3 = operator.clients.s3
    tags = {one["Key"]: one["Value"] for one in s3.get_bucket_tagging(Bucket=outputs["DataBucket"])["TagSet"]}
    assert (tags["Environment"], tags["ETLStage"], tags["ResourceType"]) == ("TEST", "TRANSFORM-LOAD", "Bucket")


@pytest.fixture
def installed(monkeypatch):
    """The function's own variables in a stand-in that has bucket and table; the calls that are made."""
    made = rendered()
    variables = made["Normalize"]["Properties"]["Environment"]["Variables"]
    (container,) = rendered(**NETWORK)["Task"]["Properties"]["ContainerDefinitions"]
    assert {one["Name"]: one["Value"] for one in container["Environment"]} == variables | {"AWS_REGION": REGION}
    with serve(port=0) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        for name, value in (variables | {"AWS_REGION": REGION}).items():
            monkeypatch.setenv(name, value)
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        s3.create_bucket(Bucket=BUCKET)
        dynamodb = boto3.client("dynamodb")
        if "conversations-test" in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName="conversations-test")
        dynamodb.create_table(
            TableName="conversations-test",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "conversationId", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "conversationId", "KeyType": "HASH"}],
        )
        item = {
            "conversationId": {"S": "talk-1"},
            "startedAt": {"S": "2026-02-16T10:00:00Z"},
            "messages": {"L": [{"M": {}}]},
        }
        dynamodb.put_item(TableName="conversations-test", Item=item)
        yield s3
        dynamodb.delete_table(TableName="conversations-test")


def test_the_function_runs_with_its_variables_and_its_rights(installed, calls):
    """`{}` for all days and a CSV put by hand, by the template's own variables: what is called is what is granted."""
    calls.clear()
    done = handler({"all": True}, None)
    assert {name: run["rows"] for name, run in done["runs"].items()} == {"conversations": 1, "messages": 1}
    found = set(calls)
    key = done["csv"]["conversations"].partition(f"{BUCKET}/")[2]
    text = installed.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert b",north-retail,shop,TEST," in text
    installed.put_object(Bucket=BUCKET, Key="reports/etl-process1/conversations_mine.csv", Body=text)
    calls.clear()
    event = {
        "Records": [
            {"s3": {"bucket": {"name": BUCKET}, "object": {"key": "reports/etl-process1/conversations_mine.csv"}}}
        ]
    }
    assert [run["rows"] for run in handler(event, None)["published"]] == [1]
    called = {":".join(call) for call in found | calls}
    assert conversation_settings().clean_prefix == "reports/etl-process1"
    (policy,) = rendered()["NormalizeRole"]["Properties"]["Policies"]
    granted = {action for one in statements(policy) for action in listed(one["Action"])}
    named = {
        "s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject",
    }  # fmt: skip
    rarely = {"s3:AbortMultipartUpload", "s3:DeleteObject", "glue:UpdateTable", "glue:GetDatabase"}
    of_the_host = {"logs:CreateLogStream", "logs:PutLogEvents", "sns:Publish"}
    assert {named.get(call, call) for call in called} | rarely | of_the_host == granted
