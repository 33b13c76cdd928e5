"""An export on demand, as a task or as a function, as the stack has it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.clients import Clients
from infra.errors import ExportFailed


@dataclass(frozen=True)
class Range:
    """What an export reads; without anything, what the schedule would read now."""

    start: str | None = None
    """First day, YYYY-MM-DD."""
    end: str | None = None
    """Last day, included."""
    everything: bool = False

    @property
    def command(self) -> list[str]:
        """The exporter's arguments."""
        dates = ["--start", self.start, "--end", self.end] if self.start and self.end else []
        return ["export", "--json", *(["--all"] if self.everything else []), *dates]

    @property
    def event(self) -> dict[str, Any]:
        """The function's event."""
        dates = {"startDate": self.start, "endDate": self.end} if self.start and self.end else {}
        return {**({"all": True} if self.everything else {}), **dates}


def run_export(clients: Clients, outputs: Mapping[str, str], wanted: Range, pause: float = 5.0) -> str:
    """Run an export to its end and return its report, as one line of JSON; raise ExportFailed."""
    if "ExporterCluster" in outputs:
        return _run_task(clients, outputs, wanted, pause)
    return _invoke(clients, outputs["LambdaFunction"], wanted)


def _run_task(clients: Clients, outputs: Mapping[str, str], wanted: Range, pause: float) -> str:
    cluster = outputs["ExporterCluster"]
    started = clients.ecs.run_task(
        cluster=cluster,
        taskDefinition=outputs["ExporterTask"],
        launchType="FARGATE",
        propagateTags="TASK_DEFINITION",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": outputs["NetworkSubnets"].split(","),
                "securityGroups": [outputs["TaskSecurityGroup"]],
                "assignPublicIp": outputs["NetworkPublicIp"],
            }
        },
        overrides={"containerOverrides": [{"name": "exporter", "command": wanted.command}]},
    )
    if started.get("failures") or not started["tasks"]:
        raise ExportFailed(f"ECS did not start the task: {_reasons(started.get('failures', []))}")
    arn = started["tasks"][0]["taskArn"]
    while True:
        task = clients.ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            break
        time.sleep(pause)
    lines = _last_lines(clients, outputs["ExporterLogGroup"], f"run/exporter/{arn.rpartition('/')[2]}")
    code = task["containers"][0].get("exitCode")
    if code != 0:
        reason = task.get("stoppedReason", "no reason given")
        said = "\n".join(lines[-10:]) or "its log is empty"
        raise ExportFailed(f"the export stopped with exit code {code}: {reason}\n{said}")
    # Standard output and standard error share a stream, so the report need not be its last line.
    return next((line for line in reversed(lines) if line.startswith('{"') and '"partitions"' in line), "")


def _invoke(clients: Clients, function: str, wanted: Range) -> str:
    answer = clients.lambda_.invoke(FunctionName=function, Payload=json.dumps(wanted.event).encode())
    body = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        said = json.loads(body).get("errorMessage", body)
        raise ExportFailed(f"the export failed: {said}")
    return str(body)


def _last_lines(clients: Clients, group: str, stream: str) -> list[str]:
    try:
        found = clients.logs.get_log_events(logGroupName=group, logStreamName=stream, limit=50)
    except clients.logs.exceptions.ResourceNotFoundException:
        return []  # a task that never started has written nothing
    return [event["message"] for event in found["events"]]


def _reasons(failures: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(str(failure.get("reason", "unknown")) for failure in failures) or "no reason given"
