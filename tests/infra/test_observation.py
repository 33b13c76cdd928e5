"""Looking after an installation: states, logs, exports on demand, and a guide that says what is there."""

import io
import json
import re
import time
from dataclasses import replace
from types import SimpleNamespace

import boto3
import pytest

from infra.__main__ import cli
from infra.errors import ExportFailed
from infra.operations.exports import Range, run_export
from infra.operations.observation import alarm_states, log_lines, stack_states, subscription_states
from infra.settings.environment import readiness_warnings

from .combinations import rendered
from .metrics import metrics_of_a_run

TASK = {
    "ExporterCluster": "reports", "ExporterTask": "reports-exporter", "NetworkSubnets": "subnet-1,subnet-2",
    "TaskSecurityGroup": "sg-1", "NetworkPublicIp": "ENABLED", "ExporterLogGroup": "/reports/exporter",
}  # fmt: skip


# CloudWatch refuses lines that are older than two weeks.
START = int(time.time() * 1000) - 60_000
REPORT = '{"run_id": "r", "rows": 3, "partitions": []}'
LINES = ["first", REPORT, '{"_aws": {}, "rows": 3}']


class Ecs:
    """A task that stops at the second look."""

    def __init__(self, exit_code, reason="Essential container in task exited") -> None:
        self.stopped = {"lastStatus": "STOPPED", "containers": [{"exitCode": exit_code}], "stoppedReason": reason}
        self.looks = 0

    def run_task(self, **request):
        self.request = request
        return {"tasks": [{"taskArn": "arn:aws:ecs:us-east-1:123456789012:task/reports/abc"}], "failures": []}

    def describe_tasks(self, **_):
        self.looks += 1
        return {"tasks": [{"lastStatus": "RUNNING"} if self.looks < 2 else self.stopped]}


@pytest.fixture
def logs(operator):
    """A log group in which one run has written its lines."""
    client = boto3.client("logs")
    client.create_log_group(logGroupName="/reports/exporter")
    client.create_log_stream(logGroupName="/reports/exporter", logStreamName="run/exporter/abc")
    events = [{"timestamp": START + n, "message": text} for n, text in enumerate(LINES)]
    client.put_log_events(logGroupName="/reports/exporter", logStreamName="run/exporter/abc", logEvents=events)
    return client


def test_a_task_export_returns_its_report(logs):
    """The report is found in the task's own log stream, whatever was written after it."""
    ecs = Ecs(0)
    wanted = Range("2026-06-01", "2026-06-30")
    assert run_export(SimpleNamespace(ecs=ecs, logs=logs), TASK, wanted, pause=0) == REPORT
    command = ecs.request["overrides"]["containerOverrides"][0]["command"]
    assert command == ["export", "--json", "--start", "2026-06-01", "--end", "2026-06-30"]
    assert ecs.request["propagateTags"] == "TASK_DEFINITION"


def test_a_task_export_that_fails_shows_its_last_lines(logs):
    """Exit code, reason and the end of the log are in the message."""
    with pytest.raises(ExportFailed, match=r"(?s)exit code 1: Essential.*first"):
        run_export(SimpleNamespace(ecs=Ecs(1), logs=logs), TASK, Range(), pause=0)


def test_a_task_that_never_started_is_reported(logs):
    """A task without a container that ran has a reason and no log."""
    outputs = TASK | {"ExporterLogGroup": "/reports/nothing"}
    with pytest.raises(ExportFailed, match=r"exit code None: CannotPullContainerError\nits log is empty"):
        run_export(SimpleNamespace(ecs=Ecs(None, "CannotPullContainerError"), logs=logs), outputs, Range(), pause=0)


@pytest.mark.parametrize(
    ("wanted", "event"),
    [
        (Range(), {}),
        (Range(everything=True), {"all": True}),
        (Range("2026-06-01", "2026-06-30"), {"startDate": "2026-06-01", "endDate": "2026-06-30"}),
    ],
)
def test_a_function_export_sends_the_event(wanted, event):
    """The function gets the event that the exporter documents, and its answer is the report."""
    sent = {}

    def invoke(**request):
        sent.update(request)
        return {"Payload": io.BytesIO(b'{"rows": 3}')}

    report = run_export(SimpleNamespace(lambda_=SimpleNamespace(invoke=invoke)), {"LambdaFunction": "f"}, wanted)
    assert (report, json.loads(sent["Payload"])) == ('{"rows": 3}', event)


def test_a_function_export_that_fails_is_reported():
    """A function error is a failure, in the exporter's own words."""
    answer = {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "table x does not exist"}')}
    clients = SimpleNamespace(lambda_=SimpleNamespace(invoke=lambda **_: answer))
    with pytest.raises(ExportFailed, match="table x does not exist"):
        run_export(clients, {"LambdaFunction": "f"}, Range())


def test_logs_come_in_order(logs):
    """Lines of a log group come oldest first, each once, from a moment on."""
    lines = list(log_lines(logs, "/reports/exporter", START))
    assert [text for _, text in lines] == LINES
    assert list(log_lines(logs, "/reports/exporter", START + 30_000)) == []


def test_states_name_every_stack(operator):
    """What is not deployed is said to be so, and has no alarms."""
    assert stack_states(operator.stacks, operator.environment) == {
        "reports-registry": "not deployed",
        "reports-test": "not deployed",
        "reports-test-alarms": "not deployed",
        "reports-test-stream": "not deployed",
        "reports-test-sources": "not deployed",
        "reports-test-dashboard": "not deployed",
    }
    assert alarm_states(operator.clients, operator.stacks, operator.environment) == {}


def test_the_guide_names_what_there_is(repository):
    """Every verb and option in the guide exists, and every verb is in it."""
    text = (repository / "docs" / "deploying.md").read_text(encoding="utf-8")
    table = re.search(r"\| verb \| what \|(.*?)\n\n", text, re.DOTALL)
    named = set(re.findall(r"`(\w+)", table[1]))
    assert named == set(cli.commands) == {"deploy", "diff", "status", "outputs", "export", "logs", "delete"}
    assert set(re.findall(r"-m infra (\w+)", text)) <= named
    options = {
        option for verb in cli.commands.values() for one in verb.params for option in (*one.opts, *one.secondary_opts)
    }
    assert set(re.findall(r"--[a-z][a-z-]+", table[1])) <= options


def cost_rows(repository) -> dict[str, list[float]]:
    text = (repository / "docs" / "deploying.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| .*\d\.\d\d(\*\*)? \|$", line)]
    return {row[0].strip(): [float(cell.strip(" *")) for cell in row[1:]] for row in rows}


def test_the_costs_add_up(repository):
    """Each column of the cost table is the sum of its rows, and the README has the same sums, rounded."""
    figures = cost_rows(repository)
    sums = {name: values for name, values in figures.items() if name.startswith("**")}
    parts = [values for name, values in figures.items() if not name.startswith("**")]
    dashboard = next(values for name, values in figures.items() if name.startswith("dashboard"))
    without, together = sums.values()
    for column in range(3):
        total = sum(values[column] for values in parts)
        assert together[column] == pytest.approx(total)
        assert without[column] == pytest.approx(total - dashboard[column])
    (shown,) = re.findall(r"\*\*Cost\*\*(.*?)The arithmetic", (repository / "README.md").read_text(), re.DOTALL)
    rounded = [f"{round(without[column])} and {round(together[column])}" for column in range(3)]
    assert re.findall(r"\b\d+ and \d+\b", shown) == rounded


def test_the_costs_follow_from_the_prices(repository):
    """Each row is its own arithmetic, to the cent, and counts the alarms and metrics that there are."""
    made = [*rendered("template").resources.values(), *rendered("alarms").resources.values()]
    alarms = sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in made)
    filters = sum(one["Type"] == "AWS::Logs::MetricFilter" for one in made)
    metrics = filters + len(metrics_of_a_run()["_aws"]["CloudWatchMetrics"][0]["Metrics"])
    assert (alarms, metrics) == (5, 11)
    hour = 0.04048 + 2 * 0.004445
    balancer, address, rest = 730 * 0.0225, 730 * 0.005, 0.40 + 0.10
    express = 730 * hour + balancer + 0.2 * 0.008 * 730 + 3 * address + rest
    fargate = 4 * 730 * hour + balancer + 0.6 * 0.008 * 730 + 6 * address + rest
    items = (1_000, 50_000, 1_000_000)
    expected = {
        "exporter": [30 * minutes / 60 * hour for minutes in (1, 2, 3)],
        "DynamoDB": [3 * count / 4 * 0.5 * 30 * 0.125 / 1e6 for count in items],
        "S3": [count * 365 * 120 * 1.1 / 1e9 * 0.023 for count in items],
        "Athena": [30 * queries * megabytes / 1e6 * 5 for queries, megabytes in ((20, 10), (200, 100), (1000, 500))],
        "5 alarms": [alarms * 0.10 + metrics * 0.30 * 30 / 730 + 2 * 0.10 + logs * 0.50 for logs in (0.02, 0.2, 2)],
        "dashboard": [express, express, fargate],
    }
    for name, values in expected.items():
        (row,) = [row for title, row in cost_rows(repository).items() if title.startswith(name)]
        assert row == pytest.approx(values, abs=0.0051), name


def test_deploy_and_status_say_who_gets_nothing(operator):
    """Without AlarmEmail and FirstUserEmail a deployment ends with a sentence for each; with both it is silent."""
    operator.deployment().deploy(export=False)
    shown = operator.shown.getvalue().replace("\n", " ")
    assert "Note: no AlarmEmail is set, so no person gets the alarms" in shown
    assert "Note: no FirstUserEmail is set and the user pool is empty" in shown
    given = {"AlarmEmail": "a@example.com", "FirstUserEmail": "b@example.com"}
    environment = replace(operator.environment, parameters={**operator.environment.parameters, **given})
    assert readiness_warnings(environment) == []


def test_an_unconfirmed_subscription_is_shown(operator):
    """An address that has not confirmed gets no alarm; a topic without any subscription says so."""
    operator.deployment().deploy(export=False)
    shown = subscription_states(operator.clients, operator.stacks, operator.environment)
    assert shown == {"(no subscription)": "no person gets the alarms"}
    pending = {"Endpoint": "a@example.com", "SubscriptionArn": "PendingConfirmation"}
    confirmed = {"Endpoint": "b@example.com", "SubscriptionArn": "arn:aws:sns:us-east-1:123456789012:t:1"}
    pages = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": [pending, confirmed]}])
    clients = SimpleNamespace(sns=SimpleNamespace(get_paginator=lambda _: pages))
    assert subscription_states(clients, operator.stacks, operator.environment) == {
        "a@example.com": "waits for confirmation",
        "b@example.com": "confirmed",
    }
