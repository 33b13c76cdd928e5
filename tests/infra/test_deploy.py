"""`python -m infra` against moto: what it shows, asks, deploys, prints and leaves alone."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config

from infra.deployment.deploy import Declined
from infra.deployment.stacks import Stacks
from infra.errors import StackFailed, TemplateFault
from infra.settings.templates import load_template

from .aws import skipped_types
from .combinations import REQUIRED
from .rendering import IMAGE


def s3():
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


def test_deploy_makes_every_stack_and_returns_their_outputs(operator):
    """One command makes exporter, alarms and dashboard, hands the first one's outputs to the others and returns all."""
    outputs = operator.deployment().deploy(export=False)
    assert operator.stack_names() == {"reports-test", "reports-test-alarms", "reports-test-dashboard"}
    assert outputs["ReportDashboardURL"].startswith("https://")
    assert outputs["AthenaWorkgroup"] == "reports-test"
    assert {bucket["Name"] for bucket in s3().list_buckets()["Buckets"]} == {
        outputs["ExportDataBucket"],
        outputs["AthenaResultsBucket"],
    }
    handed = operator.stacks.parameters("reports-test-dashboard")
    assert handed["ExportDataBucket"] == outputs["ExportDataBucket"]
    assert all(subnet in handed["SubnetIds"] for subnet in outputs["NetworkSubnets"].split(","))
    shown = operator.shown.getvalue()
    assert "Stack reports-test would be made" in shown
    assert "CREATE_COMPLETE" in shown
    assert operator.asked == [
        "Deploy stack reports-test?", "Deploy stack reports-test-alarms?", "Deploy stack reports-test-dashboard?",
    ]  # fmt: skip
    watched = operator.stacks.parameters("reports-test-alarms")
    assert watched["ExporterLogGroup"] == "/reports-test/exporter"
    assert watched["UndeliveredQueue"] == outputs["UndeliveredQueue"]


def test_deploying_again_changes_nothing(operator):
    """A second deployment of the same says so and asks nothing; `diff` agrees."""
    operator.deployment().deploy(export=False)
    operator.asked.clear()
    operator.deployment().deploy(export=False)
    assert operator.asked == []
    assert "Stack reports-test is as it should be." in operator.shown.getvalue()
    assert operator.deployment().diff() is False


def test_no_means_that_nothing_is_made(operator):
    """After a no, nothing is deployed, and no empty stack is left behind."""
    operator.yes = False
    with pytest.raises(Declined):
        operator.deployment().deploy(export=False)
    assert operator.stack_names() == set()


def test_diff_makes_nothing(operator):
    """`diff` shows the change set of what is not there yet and leaves the account as it was."""
    assert operator.deployment().diff() is True
    assert "Stack reports-test would be made" in operator.shown.getvalue()
    assert operator.stack_names() == set()
    assert operator.asked == []


def test_a_stream_has_a_stack_of_its_own(operator):
    """With a table's stream in the environment a further stack follows it, with the exporter's image, role and task."""
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/contacts-test/stream/2026-11-01T00:00:00.000"
    operator.environment.parameters["TableStreamArn"] = arn  # type: ignore[index]
    outputs = operator.deployment().deploy(export=False)
    assert "reports-test-stream" in operator.stack_names()
    given = operator.stacks.parameters("reports-test-stream")
    assert (given["TableStreamArn"], given["ExporterImage"]) == (arn, IMAGE)
    assert given["ExporterRoleArn"] == outputs["ExporterRoleArn"]
    assert outputs["ChangesLogGroup"] == "/reports-test-stream/changes"
    assert operator.deployment().diff() is False


def test_an_export_of_the_table_has_a_stack_of_its_own(operator):
    """With TableExport a further stack attaches its policy to the exporter's role, and goes before it on deletion."""
    operator.environment.parameters["TableExport"] = "true"  # type: ignore[index]
    outputs = operator.deployment().deploy(export=False)
    assert "reports-test-sources" in operator.stack_names()
    given = operator.stacks.parameters("reports-test-sources")
    assert given["ExporterTask"] == outputs["ExporterTask"] == "reports-test-exporter"
    assert given["ExporterRoleArn"] == outputs["ExporterRoleArn"]
    assert "start-execution" in outputs["StartConversionCommand"]
    deleted = []
    operator.stacks.delete = deleted.append
    operator.deletion().delete()
    assert deleted == ["reports-test-dashboard", "reports-test-sources", "reports-test-alarms", "reports-test"]


def test_diff_before_an_update_says_what_it_cannot_compare(operator):
    """A stack of an earlier version lacks an output that the alarms need: `diff` says so instead of failing."""
    operator.deployment().deploy(export=False)
    outputs = operator.stacks.outputs("reports-test")
    del outputs["UndeliveredQueue"]
    operator.stacks.outputs = lambda _: outputs
    assert operator.deployment().diff() is True
    shown = operator.shown.getvalue().replace("\n", " ")
    assert "Stack reports-test-alarms takes its parameters from the one above" in shown


def test_the_created_table_is_what_the_exporter_reads(operator):
    """The table that the stack makes has the index, keys of the right types, and no attribute too many."""
    operator.deployment().deploy(export=False)
    table = boto3.client("dynamodb").describe_table(TableName="contacts-test")["Table"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "Channel-InitiationTimestamp-index"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["Channel", "InitiationTimestamp"]
    assert {one["AttributeName"] for one in table["AttributeDefinitions"]} == {
        "ContactId", "Channel", "InitiationTimestamp",
    }  # fmt: skip


def test_an_export_runs_as_a_task(operator, monkeypatch):
    """An export on demand starts the deployed task in the deployed network with the arguments that were asked for."""
    started = {}

    def run_task(**request):
        started.update(request)
        return {"failures": [{"reason": "RESOURCE:FARGATE"}], "tasks": []}

    monkeypatch.setattr(operator.clients.ecs, "run_task", run_task)
    with pytest.raises(Exception, match="ECS did not start the task: RESOURCE:FARGATE"):
        operator.deployment().deploy(export=True)
    outputs = operator.stacks.outputs("reports-test")
    network = started["networkConfiguration"]["awsvpcConfiguration"]
    assert started["cluster"] == outputs["ExporterCluster"]
    assert network["subnets"] == outputs["NetworkSubnets"].split(",")
    assert network["securityGroups"] == [outputs["TaskSecurityGroup"]]
    assert started["overrides"]["containerOverrides"][0]["command"] == ["export", "--json"]
    # A failed export does not keep the dashboard from being there.
    assert "reports-test-dashboard" in operator.stack_names()


class FailingCloudFormation:
    """CloudFormation that fails: two resources at once, of which the second was only cancelled."""

    def __init__(self) -> None:
        self.executed = False

    def describe_stacks(self, **_):
        status = "ROLLBACK_COMPLETE" if self.executed else "REVIEW_IN_PROGRESS"
        return {"Stacks": [{"StackStatus": status, "StackId": "arn:aws:cloudformation:::stack/reports/1"}]}

    def create_change_set(self, **_):
        return {"Id": "arn:change-set"}

    def describe_change_set(self, **_):
        return {"Status": "CREATE_COMPLETE", "Changes": []}

    def execute_change_set(self, **_):
        self.executed = True

    def get_paginator(self, _name):
        return self

    def paginate(self, **request):
        if "ChangeSetName" in request:
            return [{"Changes": []}]
        shown = [
            ("3", "ROLLBACK_COMPLETE", "reports", "AWS::CloudFormation::Stack", ""),
            ("2", "CREATE_FAILED", "Function", "AWS::Lambda::Function", "Resource creation cancelled"),
            ("1", "CREATE_FAILED", "Data", "AWS::S3::Bucket", "reports-data already exists"),
        ]
        keys = ("EventId", "ResourceStatus", "LogicalResourceId", "ResourceType", "ResourceStatusReason")
        events = [dict(zip(keys, event, strict=True)) for event in shown]
        return [{"StackEvents": events if self.executed else []}]


def test_a_failure_names_the_first_failing_resource():
    """The message names the cause and not what followed from it, and every event was reported in order."""
    shown = []
    stacks = Stacks(FailingCloudFormation(), shown.append, pause=0)
    change_set = stacks.propose("reports", load_template("registry"), {}, {})
    with pytest.raises(StackFailed) as caught:
        stacks.execute(change_set)
    assert str(caught.value).endswith("First failure: Data (AWS::S3::Bucket): reports-data already exists")
    assert [event.resource for event in shown] == ["Data", "Function", "reports"]
    with pytest.raises(StackFailed, match="ROLLBACK_COMPLETE, from which nothing can be deployed"):
        stacks.propose("reports", load_template("registry"), {}, {})


def test_a_missing_parameter_is_reported_before_any_call(operator):
    """A template that lacks a parameter names it, and where to write it."""
    del operator.environment.parameters["GsiName"]  # type: ignore[attr-defined]
    with pytest.raises(TemplateFault, match=r"needs GsiName.*test"):
        operator.deployment().deploy()
    assert operator.stack_names() == set()


def test_what_moto_skips_is_known():
    """Half of the types are nothing to moto; they are held against their schemas instead, when they are deployed."""
    skipped = skipped_types()
    assert {"AWS::Scheduler::Schedule", "AWS::ECS::ExpressGatewayService", "AWS::Athena::WorkGroup"} <= skipped
    assert not {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::ECS::TaskDefinition"} & skipped


@pytest.mark.parametrize("host", ["EcsExpress", "AppRunner", "Fargate", "None"])
def test_every_host_deploys(operator, host):
    """Each host goes through CloudFormation's steps, and its resources fit their schemas."""
    parameters = REQUIRED["dashboard"] | {
        "DashboardHost": host, "VpcId": "vpc-0123456789abcdef0", "DomainName": "reports.example.com",
        "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "FirstUserEmail": "a@example.com",
        "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    }  # fmt: skip
    if host == "Fargate":
        network = boto3.client("ec2")
        subnets = network.describe_subnets()["Subnets"][:2]
        parameters |= {"VpcId": subnets[0]["VpcId"], "SubnetIds": ",".join(subnet["SubnetId"] for subnet in subnets)}
        certificate = boto3.client("acm").request_certificate(DomainName="reports.example.com")
        parameters |= {"CertificateArn": certificate["CertificateArn"]}
    change_set = operator.stacks.propose(f"host-{host}", load_template("dashboard"), parameters, {})
    operator.stacks.execute(change_set)
    url = operator.stacks.outputs(f"host-{host}")["ReportDashboardURL"]
    assert url.startswith("https://" if host != "None" else "none")


@pytest.mark.slow
def test_the_aws_command_deploys_as_well(operator, repository, moto_url):
    """The guide's own way without `python -m infra`: each template in the request itself, with no staging bucket."""
    parameters = {
        "registry": {},
        "template": REQUIRED["template"],
        "alarms": REQUIRED["alarms"],
        "dashboard": REQUIRED["dashboard"] | {"DashboardHost": "AppRunner"},
    }
    for name, values in parameters.items():
        overrides = ["--parameter-overrides", *(f"{key}={value}" for key, value in values.items())] if values else []
        command = [
            *(sys.executable, "-m", "awscli", "cloudformation", "deploy", "--stack-name", f"plain-{name}"),
            *("--template-file", repository / "infra" / f"{name}.yaml", "--capabilities", "CAPABILITY_IAM", *overrides),
        ]
        done = subprocess.run(
            command, env=os.environ | {"AWS_ENDPOINT_URL": moto_url}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert operator.stack_names() == {f"plain-{name}" for name in parameters}
    assert operator.stacks.outputs("plain-dashboard")["ReportDashboardURL"].startswith("https://")


def test_the_command_line_ends_with_a_status():
    """A wrong name ends with 2 and one line; every verb explains itself."""
    done = subprocess.run(
        [sys.executable, "-m", "infra", "outputs", "--env", "nowhere"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "prod, test" in done.stderr
    shown = subprocess.run([sys.executable, "-m", "infra", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {verb} " in shown for verb in ("deploy", "delete", "outputs", "status", "export", "logs", "diff"))


def test_new_tags_are_refused_where_the_host_takes_them_once(operator):
    """ECS Express has create-only tags; the message names the service, the deployed tags and the way to replace it."""
    operator.deployment().deploy(export=False)
    operator.asked.clear()
    tags = {"project": "reports", "environment": "test", "team": "a"}
    operator.environment = replace(operator.environment, tags=tags)
    with pytest.raises(
        TemplateFault, match=r"ECS Express takes tags at creation only.*'environment': 'test'.*delete-stack"
    ):
        operator.deployment().deploy(export=False)
    assert operator.asked == []


class ValidatingCloudFormation:
    """A change set that fails early validation: only DescribeEvents says why, and only until it is deleted."""

    def __init__(self) -> None:
        self.deleted = False
        self.requests = []

    def describe_stacks(self, **_):
        return {"Stacks": [{"StackName": "reports", "StackId": "arn", "StackStatus": "UPDATE_COMPLETE"}]}

    def create_change_set(self, **request):
        self.requests.append(request)
        return {"Id": "change-set"}

    def describe_change_set(self, **_):
        return {"Status": "FAILED", "StatusReason": "The following hook(s)/validation failed: [AWS::EarlyValidation]"}

    def delete_change_set(self, **_):
        self.deleted = True

    def get_paginator(self, name):
        event = {
            "EventType": "VALIDATION_ERROR", "LogicalResourceId": "Data", "ValidationPath": "/BucketName",
            "ValidationStatusReason": "Bucket name already exists",
        }  # fmt: skip
        answers = {"describe_change_set": [{"Changes": []}], "describe_events": [{"OperationEvents": [event]}]}
        assert name != "describe_events" or not self.deleted
        return SimpleNamespace(paginate=lambda **_: answers[name])


def test_a_failed_validation_is_read_before_its_change_set_is_deleted():
    """The message names resource, property and reason, which no status and no stack event has."""
    client = ValidatingCloudFormation()
    stacks = Stacks(client, pause=0)
    with pytest.raises(StackFailed, match=r"(?s)EarlyValidation.*Data/BucketName: Bucket name already exists"):
        stacks.propose("reports", load_template("template"), {}, {})
    assert client.deleted


def test_diff_compares_with_what_is_deployed():
    """`diff` asks for a drift-aware change set; a deployment asks for an ordinary one."""
    requests = []
    for against_deployed in (True, False):
        client = ValidatingCloudFormation()
        with pytest.raises(StackFailed):
            Stacks(client, pause=0).propose(
                "reports", load_template("template"), {}, {}, against_deployed=against_deployed
            )
        requests += client.requests
    assert [request.get("DeploymentMode") for request in requests] == ["REVERT_DRIFT", None]
