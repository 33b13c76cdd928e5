"""`SourceKind` of an environment, and the nightly changes that it can ask for."""

import json
import re

import pytest

from infra.errors import EnvironmentFault
from infra.settings.environment import Environment, load_environment
from infra.settings.templates import load_templates

from .combinations import rendered
from .documents import listed, statements
from .metrics import metrics_of_a_run, metrics_of_changes
from .rendering import ACCOUNT, REGION

ARN = "arn:aws:dynamodb:us-east-1:111122223333:table/contacts/stream/2026-11-01T00:00:00.000"
NIGHTLY = "cron(0 3 * * ? *)"


def environment(tmp_path, text: str) -> Environment:
    path = tmp_path / "mine.yaml"
    path.write_text(f"region: us-east-1\nstack: a\nparameters: {{DynamoTableName: contacts, {text}}}\n")
    return load_environment(str(path), load_templates())


@pytest.mark.parametrize(
    ("text", "made", "stacks"),
    [
        ("SourceKind: index", {}, ("alarms", "dashboard")),
        ("SourceKind: scan", {"TableScan": "true"}, ("alarms", "sources", "dashboard")),
        ("SourceKind: [index, table_export]", {"TableExport": "true"}, ("alarms", "sources", "dashboard")),
        (
            "SourceKind: changes",
            {"TableExport": "true", "ChangesExpression": NIGHTLY},
            ("alarms", "sources", "dashboard"),
        ),
        (
            "SourceKind: 'index, changes', ChangesExpression: rate(6 hours)",
            {"TableExport": "true", "ChangesExpression": "rate(6 hours)"},
            ("alarms", "sources", "dashboard"),
        ),
        (
            "SourceKind: [index, stream], CreateTable: true",
            {"CreateTable": "true", "TableStream": "true"},
            ("alarms", "stream", "dashboard"),
        ),
        (f"SourceKind: stream, TableStreamArn: '{ARN}'", {"TableStreamArn": ARN}, ("alarms", "stream", "dashboard")),
    ],
)
def test_a_kind_stands_for_its_parameters(tmp_path, text, made, stacks):
    """Each kind sets the switches and the schedule that it needs, and so decides about the stacks."""
    found = environment(tmp_path, text)
    assert found.parameters == {"DynamoTableName": "contacts"} | made
    assert found.dependents == stacks


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "SourceKind: [index, chnges]",
            "parameters.SourceKind: expected some of index, scan, table_export, changes, stream; found 'chnges'",
        ),
        ("SourceKind: []", "parameters.SourceKind: expected some of index, .*; found nothing"),
        ("SourceKind: scan, TableScan: false", "scan needs TableScan: true; found TableScan: false"),
        ("SourceKind: changes, TableExport: false", "changes needs TableExport: true; found TableExport: false"),
        (
            "SourceKind: changes, ExporterHost: Lambda",
            "changes needs ExporterHost: Fargate; found ExporterHost: Lambda",
        ),
        (
            "SourceKind: changes, OverwriteMode: APPEND",
            "changes needs OverwriteMode: OVERWRITE; found OverwriteMode: APP",
        ),
        (
            f"SourceKind: stream, TableStreamArn: '{ARN}', OverwriteMode: APPEND",
            "stream needs OverwriteMode: OVERWRITE",
        ),
        ("ChangesExpression: rate(1 day)", "ChangesExpression: it needs TableExport: true; found TableExport: false"),
        ("SourceKind: stream, CreateTable: true, TableStream: false", "stream needs TableStream: true"),
        ("SourceKind: index, GsiName: '', Dataset: calls, TableScan: true", "index needs GsiName, which is empty"),
        (
            "SourceKind: stream",
            (
                "stream needs TableStreamArn, because the table exists already. `aws dynamodb update-table --table-name"
                " contacts --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES` turns it on, "
                "`aws dynamodb describe-table --table-name contacts --query Table.LatestStreamArn` names it"
            ),
        ),
        (
            "SourceKind: changes, ChangesExpression: 'cron(0 3 ? * MON *)'",
            r"ChangesExpression: cron\(0 3 \? \* MON \*\) pauses for up to 168 hours; expected 48 at most",
        ),
        ("SourceKnd: scan", "did you mean SourceKind"),
    ],
)
def test_a_wrong_kind_is_reported(tmp_path, text, shown):
    """What a kind contradicts or lacks is reported before any call, with the command where there is one."""
    with pytest.raises(EnvironmentFault, match=shown):
        environment(tmp_path, text)


def test_a_scan_by_its_kind_needs_no_switch(tmp_path):
    """`SourceKind: scan` is the right to scan that an empty GsiName asks for."""
    found = environment(tmp_path, "SourceKind: scan, GsiName: '', Dataset: calls")
    assert (found.parameters["TableScan"], found.parameters["GsiName"]) == ("true", "")


def test_changes_are_read_every_night_by_the_exporters_task():
    """The schedule starts `changes --export` as the exporter's task, and what cannot start goes to the queue."""
    made = rendered("sources", ChangesExpression=NIGHTLY, ScheduleTimeZone="Europe/Berlin").resources
    schedule = made["ChangesSchedule"]["Properties"]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (NIGHTLY, "Europe/Berlin")
    target = schedule["Target"]
    (container,) = json.loads(target["Input"])["containerOverrides"]
    assert container == {"name": "exporter", "command": ["changes", "--export", "--json"]}
    kept = rendered("sources", ChangesExpression=NIGHTLY, KeepDaysClosed="true").resources["ChangesSchedule"]
    (container,) = json.loads(kept["Properties"]["Target"]["Input"])["containerOverrides"]
    assert container["command"] == ["changes", "--keep-closed", "--export", "--json"]
    assert target["EcsParameters"]["TaskDefinitionArn"].endswith(":task-definition/reports-exporter")
    assert target["DeadLetterConfig"]["Arn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:reports-Undelivered"
    assert "ChangesSchedule" not in rendered("sources").resources


def test_the_schedule_of_the_changes_may_start_that_task_alone():
    """Its role starts tasks of one family on one cluster, hands over two roles, and writes to one queue."""
    role = rendered("sources", ChangesExpression=NIGHTLY).resources["ChangesRole"]
    found = {one["Sid"]: one for one in statements(role["Properties"]["Policies"])}
    assert {action for one in found.values() for action in listed(one["Action"])} == {
        "sqs:SendMessage", "ecs:RunTask", "iam:PassRole", "ecs:TagResource",
    }  # fmt: skip
    assert found["RunTask"]["Condition"] == {
        "ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/reports-Cluster"}
    }
    assert found["HandOverRoles"]["Resource"] == [
        f"arn:aws:iam::{ACCOUNT}:role/reports-role", f"arn:aws:iam::{ACCOUNT}:role/reports-start",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"TableExport": "false", "TableScan": "true"}, "set TableExport to true"),
        ({"ExporterHost": "Lambda"}, "a function ends after 15 minutes"),
        ({"ExporterLogGroup": ""}, "ExporterLogGroup and UndeliveredQueue have to be given"),
        ({"UndeliveredQueue": ""}, "ExporterLogGroup and UndeliveredQueue have to be given"),
    ],
)
def test_rules_refuse_incomplete_changes(parameters, shown):
    """A schedule of changes without the right to export, without tasks or without an alarm's log is refused."""
    refused = rendered("sources", ChangesExpression=NIGHTLY, **parameters).broken_rules
    assert any(shown in text for text in refused)


def test_unread_changes_raise_an_alarm():
    """Two days without changes read is an alarm, silence included; a run that failed does not count as read."""
    made = rendered("sources", ChangesExpression=NIGHTLY).resources
    alarm = made["UnreadChanges"]["Properties"]
    assert (alarm["Period"] * alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (50 * 3600, "breaching")
    (transformation,) = made["ChangesRead"]["Properties"]["MetricTransformations"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (
        transformation["MetricNamespace"], transformation["MetricName"],
    )  # fmt: skip
    (field, value) = re.findall(r"\$\.(\w+) = (\d)", made["ChangesRead"]["Properties"]["FilterPattern"])[0]
    assert (metrics_of_changes()[field], metrics_of_changes("refused")[field]) == (int(value), 1)
    assert field not in metrics_of_a_run()
    assert "UnreadChanges" not in rendered("sources", ChangesExpression=NIGHTLY, ScheduleState="DISABLED").resources


def test_changes_are_no_run_of_the_export():
    """The filter that counts exports that succeeded does not count a run of `changes`."""
    assert {"failed", "data_age", "quarantined"} & set(metrics_of_changes()) == set()
    assert metrics_of_changes()["changes_age"] == 3600


def test_the_command_for_an_existing_table_is_an_output():
    """A table that was made elsewhere gets point-in-time recovery by this command."""
    assert rendered("sources").outputs["EnableRecoveryCommand"] == (
        "aws dynamodb update-continuous-backups --region us-east-1 --table-name contacts "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    )
    assert "EnableRecoveryCommand" not in rendered("sources", TableExport="false", TableScan="true").outputs
