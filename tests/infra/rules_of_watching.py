"""Rules of a template: what is logged and watched, and that somebody hears of it."""

import json
from collections.abc import Iterator

from .documents import Document, resources


def logs_end(document: Document) -> Iterator[str]:
    """Every log group forgets after the days that the operator chose."""
    for name, group in resources(document, "AWS::Logs::LogGroup"):
        if group.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"log group {name} keeps its lines for ever"


def told_alarms(document: Document) -> Iterator[str]:
    """An alarm says in plain words what happened and what to do, has an action, and knows what silence means."""
    for name, alarm in resources(document, "AWS::CloudWatch::Alarm"):
        description = alarm.get("AlarmDescription", {})
        if len(str(description.get("Fn::Sub", description))) < 60:
            yield f"alarm {name} does not say what it means"
        if not alarm.get("AlarmActions"):
            yield f"alarm {name} has no action"
        if "TreatMissingData" not in alarm:
            yield f"alarm {name} does not say what silence means"
    types = {name for name, _ in resources(document, "AWS::CloudWatch::Alarm")}
    for host, alarm in (
        ("Express", "ExpressUnhealthy"),
        ("Runner", "RunnerUnhealthy"),
        ("Service", "FargateUnhealthy"),
    ):
        if host in document["Resources"] and alarm not in types:
            yield f"alarm {alarm} is gone"
    if "Runner" in document["Resources"] and "ScannedBytes" not in types:
        yield "alarm ScannedBytes is gone"


def watched_exporter(document: Document) -> Iterator[str]:
    """The stack of the alarms has every one of them, and silence is one."""
    if "AlarmAfterHours" not in document.get("Parameters", {}):
        return
    types = {name for name, _ in resources(document, "AWS::CloudWatch::Alarm")}
    wanted = {"FailedTask", "FailedFunction", "MissedRun", "StaleData", "QuarantinedItems", "UndeliveredStarts"}
    yield from (f"alarm {name} is gone" for name in wanted - types)
    missed = document["Resources"].get("MissedRun", {}).get("Properties", {})
    if missed.get("TreatMissingData") != "breaching":
        yield "silence is not a missed run"
    patterns = json.dumps([p["EventPattern"] for _, p in resources(document, "AWS::Events::Rule")])
    if "TaskFailedToStart" not in patterns or "anything-but" not in patterns or "STOPPED" not in patterns:
        yield "a failed task has no alarm"


def watched_schedules(document: Document) -> Iterator[str]:
    """A start that fails is tried again and then queued; a run that fails is not repeated without a person."""
    for name, schedule in resources(document, "AWS::Scheduler::Schedule"):
        target = schedule["Target"]
        if "DeadLetterConfig" not in target or target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 0) < 1:
            yield f"schedule {name} loses starts that fail"
        if schedule.get("State") != {"Ref": "ScheduleState"} or "ScheduleExpressionTimezone" not in schedule:
            yield f"schedule {name} does not follow its parameters"
    functions = {name for name, _ in resources(document, "AWS::Lambda::Function")}
    configured = {
        properties["FunctionName"]["Ref"]
        for _, properties in resources(document, "AWS::Lambda::EventInvokeConfig")
        if properties.get("MaximumRetryAttempts") == 0
        and "OnFailure" in json.dumps(properties.get("DestinationConfig", {}))
    }
    mapped = {
        properties["FunctionName"]["Ref"] for _, properties in resources(document, "AWS::Lambda::EventSourceMapping")
    }
    unheard = functions - configured - mapped
    yield from (f"function {name} runs again when it failed, or fails unheard" for name in unheard)


def followed_streams(document: Document) -> Iterator[str]:
    """A batch says which record failed, is halved, ends before the stream forgets it, and is queued."""
    for name, mapping in resources(document, "AWS::Lambda::EventSourceMapping"):
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"mapping {name} does not hear which record failed"
        if mapping.get("BisectBatchOnFunctionError") is not True:
            yield f"mapping {name} stops at a record that breaks the function"
        if not 0 < mapping.get("MaximumRecordAgeInSeconds", -1) < 86_400:
            yield f"mapping {name} tries until the stream has forgotten the records"
        if "OnFailure" not in mapping.get("DestinationConfig", {}):
            yield f"mapping {name} loses what it gives up"
        if mapping.get("StartingPosition") != "TRIM_HORIZON":
            yield f"mapping {name} leaves out what was written before it was made"
        alarms = {one for one, _ in resources(document, "AWS::CloudWatch::Alarm")}
        yield from (f"alarm {one} is gone" for one in {"LateChanges", "FailedChanges", "LostBatches"} - alarms)
        late = document["Resources"].get("LateChanges", {}).get("Properties", {})
        if late.get("MetricName") != "IteratorAge" or late.get("Statistic") != "Maximum":
            yield f"alarm LateChanges does not measure how far mapping {name} is behind"
        if late.get("Threshold", 0) >= 1000 * mapping.get("MaximumRecordAgeInSeconds", 0):
            yield f"alarm LateChanges comes when mapping {name} has given records up"
        failed = document["Resources"].get("FailedChanges", {}).get("Properties", {})
        if failed.get("MetricName") != "Errors":
            yield f"alarm FailedChanges does not count the errors behind mapping {name}"


def asked_health(document: Document) -> Iterator[str]:
    """Health is asked at /healthz, because every other address answers with the page."""
    for name, host in resources(
        document, "AWS::ECS::ExpressGatewayService", "AWS::ElasticLoadBalancingV2::TargetGroup"
    ):
        if host.get("HealthCheckPath") != "/healthz":
            yield f"{name} is healthy on any page"
    for name, runner in resources(document, "AWS::AppRunner::Service"):
        check = runner.get("HealthCheckConfiguration", {})
        if (check.get("Protocol"), check.get("Path")) != ("HTTP", "/healthz"):
            yield f"{name} is healthy on any page"
