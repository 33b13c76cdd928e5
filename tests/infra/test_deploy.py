"""`python -m infra` against moto: what it shows, asks, deploys, prints and leaves alone."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

from datasets.loading import dataset_from_environment
from infra.deployment import Declined
from infra.environment import load_environment
from infra.errors import EnvironmentFault, ImageFault, StackFailed, TemplateFault
from infra.images import CommandEngine, find_engine, pushed_image, version_of_source
from infra.schedules import longest_pause
from infra.stacks import Stacks
from infra.templates import load_template, load_templates

from .aws import skipped_types
from .combinations import REQUIRED


def stack_names(operator) -> set[str]:
    found = operator.clients.cloudformation.describe_stacks()["Stacks"]
    return {stack["StackName"] for stack in found}


def s3():
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


def test_deploy_makes_both_stacks_and_returns_their_outputs(operator):
    """One command makes exporter and dashboard, hands one's outputs to the other and returns all of them."""
    outputs = operator.deployment().deploy(export=False)
    assert stack_names(operator) == {"reports-test", "reports-test-dashboard"}
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
    assert operator.asked == ["Deploy stack reports-test?", "Deploy stack reports-test-dashboard?"]


def test_deploying_again_changes_nothing(operator):
    """A second deployment of the same says so and asks nothing; `diff` agrees."""
    operator.deployment().deploy(export=False)
    operator.asked.clear()
    operator.deployment().deploy(export=False)
    assert operator.asked == []
    assert "Stack reports-test is as it should be." in operator.shown.getvalue()
    assert operator.deployment().diff() is False


def test_no_means_that_nothing_is_made(operator):
    """Whoever says no has nothing deployed, and no empty stack is left behind."""
    operator.yes = False
    with pytest.raises(Declined):
        operator.deployment().deploy(export=False)
    assert stack_names(operator) == set()


def test_diff_makes_nothing(operator):
    """`diff` shows the change set of what is not there yet and leaves the account as it was."""
    assert operator.deployment().diff() is True
    assert "Stack reports-test would be made" in operator.shown.getvalue()
    assert stack_names(operator) == set()
    assert operator.asked == []


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
    assert "reports-test-dashboard" in stack_names(operator)


def test_delete_keeps_the_data(operator):
    """Stacks and results go, the data stays, and the way back is told."""
    # moto forgets DeletionPolicy, so it is not asked to delete the exporter's stack itself.
    outputs = operator.deployment().deploy(export=False)
    s3().put_object(Bucket=outputs["AthenaResultsBucket"], Key="result.csv", Body=b"1")
    s3().put_object(Bucket=outputs["ExportDataBucket"], Key="day.parquet", Body=b"1")
    deleted = []
    operator.stacks.delete = deleted.append
    operator.asked.clear()
    assert operator.deletion().delete() is True
    assert deleted == ["reports-test-dashboard", "reports-test"]
    assert operator.asked == ["Delete reports-test and its dashboard?"]
    assert s3().list_objects_v2(Bucket=outputs["AthenaResultsBucket"])["KeyCount"] == 0
    assert s3().list_objects_v2(Bucket=outputs["ExportDataBucket"])["KeyCount"] == 1
    shown = operator.shown.getvalue()
    assert "set ExistingDataBucket: true" in shown.replace("\n", " ")
    assert "The table contacts-test stays" in shown


def test_delete_asks_for_the_name_of_the_data(operator):
    """`--with-data` deletes a bucket, every version of it, only where its name was typed."""
    outputs = operator.deployment().deploy(export=False)
    bucket = outputs["ExportDataBucket"]
    for body in (b"1", b"2"):
        s3().put_object(Bucket=bucket, Key="day.parquet", Body=body)
    operator.stacks.delete = lambda _: None
    operator.typed = "yes"
    operator.deletion().delete(with_data=True)
    assert s3().list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    operator.typed = bucket
    operator.deletion().delete(with_data=True)
    with pytest.raises(ClientError, match=r"NoSuchBucket|404"):
        s3().list_objects_v2(Bucket=bucket)
    assert any(bucket in question and "Type" in question for question in operator.asked)
    boto3.client("dynamodb").describe_table(TableName="contacts-test")


def test_delete_without_a_yes_deletes_nothing(operator):
    """Declined, everything is as it was; where there is no stack, nothing is asked."""
    assert operator.deletion().delete() is False
    assert operator.asked == []
    operator.deployment().deploy(export=False)
    operator.yes = False
    assert operator.deletion().delete() is False
    assert stack_names(operator) == {"reports-test", "reports-test-dashboard"}


def test_a_deleted_stack_is_gone(operator):
    """Deletion waits for its end, also where the name of a deleted stack is no longer known."""
    operator.deployment().deploy(export=False)
    operator.stacks.delete("reports-test-dashboard")
    assert stack_names(operator) == {"reports-test"}
    operator.stacks.delete("reports-test-dashboard")


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
        told = [
            ("3", "ROLLBACK_COMPLETE", "reports", "AWS::CloudFormation::Stack", ""),
            ("2", "CREATE_FAILED", "Function", "AWS::Lambda::Function", "Resource creation cancelled"),
            ("1", "CREATE_FAILED", "Data", "AWS::S3::Bucket", "reports-data already exists"),
        ]
        keys = ("EventId", "ResourceStatus", "LogicalResourceId", "ResourceType", "ResourceStatusReason")
        events = [dict(zip(keys, event, strict=True)) for event in told]
        return [{"StackEvents": events if self.executed else []}]


def test_a_failure_names_the_first_failing_resource():
    """The message names the cause and not what followed from it, and every event was told in order."""
    told = []
    stacks = Stacks(FailingCloudFormation(), told.append, pause=0)
    change_set = stacks.propose("reports", load_template("registry"), {}, {})
    with pytest.raises(StackFailed) as caught:
        stacks.execute(change_set)
    assert str(caught.value).endswith("First failure: Data (AWS::S3::Bucket): reports-data already exists")
    assert [event.resource for event in told] == ["Data", "Function", "reports"]
    with pytest.raises(StackFailed, match="ROLLBACK_COMPLETE, from which nothing can be deployed"):
        stacks.propose("reports", load_template("registry"), {}, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stack: reports\n", "region: expected text"),
        ("region: us-east-1\nstack: 1reports\n", "beginning with a letter"),
        ("region: us-east-1\nstack: a\nparameters: {GsiNam: x}\n", "did you mean GsiName"),
        ("region: us-east-1\nstack: a\nparameter: {}\n", "parameter: unknown field"),
        ("- a\n", "expected region, stack"),
        ("a: [\n", "cannot be read"),
    ],
)
def test_a_wrong_environment_is_told(tmp_path, text, told):
    """Every fault of an environment's file is told before any call."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(EnvironmentFault, match=told):
        load_environment(str(path), load_templates())


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("cron(0 1 * * ? *)", 24),
        ("cron(0 1 ? * * *)", 24),
        ("cron(0 1,13 * * ? *)", 12),
        ("cron(0 8-18/2 * * ? *)", 14),
        ("cron(0/15 * * * ? *)", 0.25),
        ("rate(30 minutes)", 0.5),
        ("rate(1 day)", 24),
        ("rate(36 hours)", 36),
        ("rate(7 days)", 168),
        ("cron(0 1 ? * MON-FRI *)", 72),
        ("cron(0 1 ? * fri-mon *)", 96),
        ("cron(0 1 ? * 2 *)", 168),
        ("cron(0 1 1 * ? *)", 31 * 24),
        ("cron(0 1 L * ? *)", 31 * 24),
        ("cron(0 1 ? * MON#1 *)", 31 * 24),
        ("cron(0 1 * 1 ? *)", 336 * 24),
        ("cron(0 1 * JAN-JUN ? *)", 185 * 24),
        ("cron(0 1 31 2 ? *)", 3 * 366 * 24),
        ("cron(0 1 * *)", None),
        ("cron(0 1 * * MOON *)", None),
        ("rate(often)", None),
    ],
)
def test_the_longest_pause_of_a_schedule(schedule, hours):
    """The longest time between two starts, over weekends, months and years; nothing is said of what is no schedule."""
    assert longest_pause(schedule) == (None if hours is None else dt.timedelta(hours=hours))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("CronExpression: cron(0 1 * * ? *)", None),
        ("CronExpression: cron(0 1 * * ? *), ScheduleTimeZone: Europe/Berlin", None),
        ("CronExpression: rate(12 hours)", None),
        ("AlarmAfterHours: 24", "pauses for up to 24 hours; expected AlarmAfterHours: 25 at least"),
        ("AlarmAfterHours: 25, ScheduleTimeZone: Europe/Berlin", "AlarmAfterHours: 26 at least"),
        ("CronExpression: rate(1 hour), AlarmAfterHours: 2", None),
        ("CronExpression: rate(36 hours)", "AlarmAfterHours: 37 at least"),
        ("CronExpression: rate(36 hours), AlarmAfterHours: 37", None),
        ("CronExpression: cron(0 1 ? * MON-FRI *)", "up to 72 hours; expected AlarmAfterHours: 73 at least, or Date"),
        ("CronExpression: cron(0 1 ? * MON-FRI *), AlarmAfterHours: 73", None),
        ("CronExpression: cron(0 1 ? * MON *), AlarmAfterHours: 168", "expected DateRangeMode: PREVIOUS_WEEK, which"),
        ("CronExpression: cron(0 1 ? * MON *), DateRangeMode: PREVIOUS_WEEK", None),
        ("CronExpression: cron(0 1 ? * MON *), ScheduleState: DISABLED", None),
        ("CronExpression: cron(0 1 * 1 ? *), AlarmAfterHours: 168", "an alarm looks back 168 hours at most"),
        ("CronExpression: rate(7 days), AlarmAfterHours: 168", "runs more often"),
    ],
)
def test_a_schedule_that_pauses_says_how_it_is_watched(tmp_path, parameters, told):
    """Between its runs the alarm on a missing success would be on, so a longer limit or a daily run is asked for."""
    path = tmp_path / "mine.yaml"
    lines = re.sub(r"(?:^|, )(?=[A-Z]\w+: )", "\n  ", parameters)
    path.write_text(f"region: us-east-1\nstack: a\nparameters:{lines}\n")
    if told:
        with pytest.raises(EnvironmentFault, match=told):
            load_environment(str(path), load_templates())
    else:
        load_environment(str(path), load_templates())


@pytest.mark.parametrize(
    ("values", "text"),
    [(["VOICE", "CHAT"], "VOICE,CHAT"), (["a,b", "Zoë"], '["a,b", "Zoë"]'), (["a,b"], '["a,b"]'), ([1, 2], "1,2")],
)
def test_a_list_keeps_its_values(tmp_path, values, text):
    """A list in an environment's file reaches the programs with as many values, one with a comma included."""
    path = tmp_path / "mine.yaml"
    parameters = yaml.safe_dump({"GsiPartitionKeyValue": values}, default_flow_style=True, allow_unicode=True)
    path.write_text(f"region: us-east-1\nstack: a\nparameters: {parameters}\n", encoding="utf-8")
    given = load_environment(str(path), load_templates()).parameters["GsiPartitionKeyValue"]
    assert given == text
    source = {
        "DYNAMO_TABLE_NAME": "contacts",
        "GSI_NAME": "index",
        "GSI_PK_ATTRIBUTE": "Channel",
        "GSI_SK_ATTRIBUTE": "At",
    }
    read = dataset_from_environment(source | {"GSI_PK_VALUE": given}).source.partition_values
    assert list(read) == [str(value) for value in values]


def test_an_unknown_environment_lists_the_known_ones():
    """A misspelled name is answered with the names there are."""
    with pytest.raises(EnvironmentFault, match="prod, test"):
        load_environment("tset", load_templates())


@pytest.mark.parametrize("name", ["test", "prod"])
def test_environments_are_complete(name):
    """What the repository ships gives each template every parameter that has no default, but for images and outputs."""
    templates = load_templates()
    environment = load_environment(name, templates)
    handed = {"ExporterImage", "DashboardImage", "ExportDataBucket", "AthenaResultsBucket", "AthenaWorkgroup"}
    for template in templates.values():
        assert template.required - set(environment.parameters) <= handed
    assert environment.parameters["ScheduleState"] == {"test": "DISABLED", "prod": "ENABLED"}[name]


def test_two_installations_do_not_meet():
    """The environments test and prod share no stack, database or table, so that both fit into one account."""
    templates = load_templates()
    test, prod = (load_environment(name, templates) for name in ("test", "prod"))
    assert test.stack != prod.stack
    defaults = {name: one.get("Default") for name, one in templates["template"].parameters.items()}
    for name in ("AthenaDatabase", "DynamoTableName"):
        assert test.parameters.get(name, defaults[name]) != prod.parameters.get(name, defaults[name])


def test_a_missing_parameter_is_told_before_any_call(operator):
    """A template that lacks a parameter names it, and where to write it."""
    del operator.environment.parameters["GsiName"]  # type: ignore[attr-defined]
    with pytest.raises(TemplateFault, match=r"needs GsiName.*test"):
        operator.deployment().deploy()
    assert stack_names(operator) == set()


MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'


class PretendingEngine:
    """An engine that puts an image into ECR without building one."""

    def __init__(self, ecr) -> None:
        self.ecr, self.pushed = ecr, []

    def push(self, program, image, *, platform, password):
        self.pushed.append((program, image, platform))
        assert password
        name, _, tag = image.partition("/")[2].rpartition(":")
        self.ecr.put_image(repositoryName=name, imageTag=tag, imageManifest=MANIFEST)


def test_images_are_named_by_digest_and_pushed_once(operator):
    """A version is built once for a platform, another platform's is another image; what is deployed is a digest."""
    ecr = operator.clients.ecr
    repository = ecr.create_repository(repositoryName="dynamodb-reporting/exporter")["repository"]["repositoryUri"]
    engine = PretendingEngine(ecr)
    images = {pushed_image(ecr, engine, "exporter", repository, "abc", "ARM64") for _ in range(2)}
    assert engine.pushed == [("exporter", f"{repository}:abc-arm64", "linux/arm64")]
    pushed_image(ecr, engine, "exporter", repository, "abc", "X86_64")
    assert engine.pushed[1:] == [("exporter", f"{repository}:abc-x86_64", "linux/amd64")]
    (image,) = images
    assert image.startswith(f"{repository}@sha256:")


def test_deploy_builds_what_is_not_named(operator):
    """Without images by name, the registry's stack is made and both are pushed first, each for its own platform."""
    engine = PretendingEngine(operator.clients.ecr)
    operator.environment.parameters["ExporterArchitecture"] = "ARM64"  # type: ignore[index]
    deployment = operator.deployment(find_engine=lambda: engine)
    deployment.images = {}
    deployment.deploy(export=False)
    pushed = [(program, platform) for program, _, platform in engine.pushed]
    assert pushed == [("exporter", "linux/arm64"), ("dashboard", "linux/amd64")]
    assert "@sha256:" in operator.stacks.parameters("reports-test")["ExporterImage"]
    assert "reports-registry" in stack_names(operator)


def test_the_shared_registry_belongs_to_no_environment(operator):
    """Its stack has the tags of the installation that makes it but for `environment`, which the next would change."""
    deployment = operator.deployment(find_engine=lambda: PretendingEngine(operator.clients.ecr))
    deployment.images = {}
    deployment.deploy(export=False)
    found = operator.clients.cloudformation.describe_stacks()["Stacks"]
    tags = {stack["StackName"]: {tag["Key"]: tag["Value"] for tag in stack["Tags"]} for stack in found}
    assert tags["reports-registry"] == {"project": "reports"}
    assert tags["reports-test"] == tags["reports-test-dashboard"] == {"project": "reports", "environment": "test"}


def test_a_machine_without_an_engine_changes_nothing(operator):
    """Where nothing can build an image, nothing is made in the account."""

    def none_here():
        raise ImageFault("neither docker nor podman nor buildah is here")

    deployment = operator.deployment(find_engine=none_here)
    deployment.images = {}
    with pytest.raises(ImageFault):
        deployment.deploy()
    assert stack_names(operator) == set()


def test_an_engine_that_fails_says_why(tmp_path):
    """The last lines of a failed build reach the operator, and the password never stands in a command line."""
    script = tmp_path / "engine"
    script.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\n[ "$1" != push ] || { echo "denied: no such repository" >&2; exit 1; }\n'
    )
    script.chmod(0o755)
    with pytest.raises(ImageFault, match="denied: no such repository"):
        CommandEngine(str(script), tmp_path).push(
            "exporter", "host/name:tag", platform="linux/amd64", password="secret-1"
        )
    log = (tmp_path / "engine.log").read_text()
    assert "--platform linux/amd64" in log
    assert "secret-1" not in log


@pytest.mark.parametrize(
    ("engine", "single"), [("docker", "--provenance=false --sbom=false"), ("podman", "--format docker")]
)
def test_an_image_is_one_manifest(tmp_path, monkeypatch, engine, single):
    """Lambda refuses an index of images, which docker makes of an image and its provenance unless told otherwise."""
    program = tmp_path / engine
    program.write_text('#!/bin/sh\necho "$@" >> "$0.log"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    CommandEngine(engine, tmp_path).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    build, login, push = (tmp_path / f"{engine}.log").read_text().splitlines()
    labels = "--build-arg=VERSION=unknown --build-arg=REVISION=unknown"
    assert build == f"build --platform linux/arm64 {single} {labels} --file Dockerfile.exporter --tag host/name:tag ."
    assert (login, push) == ("login --username AWS --password-stdin host", "push host/name:tag")


def test_an_image_says_what_it_was_built_from(tmp_path):
    """Its labels are given the version of pyproject.toml and the commit, marked where there are changes beside it."""
    program = tmp_path / "engine"
    program.write_text('#!/bin/sh\necho "$@" >> "$0.log"\n')
    program.chmod(0o755)
    root = tmp_path / "source"
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    commit = committed(root)
    CommandEngine(str(program), root).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.4"\n')
    CommandEngine(str(program), root).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    clean, changed = (line for line in (tmp_path / "engine.log").read_text().splitlines() if line.startswith("build"))
    assert f" --build-arg=VERSION=1.2.3 --build-arg=REVISION={commit} " in clean
    assert f" --build-arg=VERSION=1.2.4 --build-arg=REVISION={commit}-dirty " in changed


@pytest.mark.parametrize(("daemon", "chosen"), [("exit 0", "docker"), ("exit 1", "podman"), (None, "podman")])
def test_docker_without_its_daemon_is_passed_over(tmp_path, monkeypatch, daemon, chosen):
    """Where docker's client is installed and nothing answers it, the next engine builds."""
    for command, script in (("docker", daemon), ("podman", "exit 1")):
        if script:
            (tmp_path / command).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / command).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine()._command == chosen  # type: ignore[attr-defined]
    (tmp_path / "podman").unlink()
    if chosen == "podman":
        with pytest.raises(ImageFault, match="neither docker with a daemon that runs nor podman nor buildah"):
            find_engine()


def committed(root: Path) -> str:
    """Commit what is in a folder, and return the commit."""
    run = lambda *words: subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True)  # noqa: E731
    run("init")
    run("add", ".")
    run("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-m", "a")
    return run("rev-parse", "HEAD").stdout.strip()


def test_the_version_is_the_commit(tmp_path):
    """A clean checkout is its commit; one with changes, or none at all, is unique."""
    assert version_of_source(tmp_path).startswith("source-")
    committed(tmp_path)
    assert len(version_of_source(tmp_path)) == 12
    (tmp_path / "file").touch()
    assert len(version_of_source(tmp_path)) > 20


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
    assert stack_names(operator) == {"plain-registry", "plain-template", "plain-dashboard"}
    assert operator.stacks.outputs("plain-dashboard")["ReportDashboardURL"].startswith("https://")


def test_the_command_line_ends_with_a_status():
    """A wrong name ends with 2 and one line; every verb explains itself."""
    done = subprocess.run(
        [sys.executable, "-m", "infra", "outputs", "--env", "nowhere"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "prod, test" in done.stderr
    told = subprocess.run([sys.executable, "-m", "infra", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {verb} " in told for verb in ("deploy", "delete", "outputs", "status", "export", "logs", "diff"))
