"""What a template of this repository must hold to, beyond being valid. A rule yields what is wrong, in sentences."""

import json
import re
from collections.abc import Iterator

from infra.settings.templates import MOST_BYTES, document_from_text

from .documents import Document, Rule, resources
from .rules_of_access import (
    closed_buckets,
    closed_networks,
    closed_sign_in,
    direct_ways,
    narrow_policies,
    narrow_trust,
    plain_tasks,
    safe_messages,
    safe_registry,
)
from .rules_of_watching import (
    asked_health,
    followed_streams,
    logs_end,
    told_alarms,
    watched_exporter,
    watched_schedules,
)

KEPT = {"AWS::DynamoDB::Table": "Table", "AWS::S3::Bucket": "Data"}
"""What survives its stack."""

DEFAULTS: dict[str, dict[str, str | None]] = {
    "template": {
        "CreateTable": "false", "DynamoTableName": None, "TablePKName": "pk", "TablePKType": "S", "TableSKName": "",
        "TableSKType": "S", "BillingMode": "PAY_PER_REQUEST", "GsiName": None, "GsiPartitionKeyAttribute": None,
        "GsiPartitionKeyValue": None, "GsiSortKeyAttribute": None, "DateFormat": "ISO", "ExtraDateColumn": "",
        "QuestionColumnSuffix": "", "CronExpression": "cron(0 1 * * ? *)", "DateRangeMode": "PREVIOUS_DAY",
        "ScheduleExpression": "",
        "LookbackHours": "24", "LookbackDays": "0", "S3BucketName": "", "S3DataPrefix": "dynamo-gsi-export",
        "OverwriteMode": "OVERWRITE", "LogRetentionDays": "14", "Dataset": "", "TimeZone": "", "SettleMinutes": "",
        "ScheduleState": "ENABLED", "GsiPartitionKeyType": "S", "ExistingDataBucket": "false",
        "ExporterHost": "Fargate", "ScheduleTimeZone": "UTC", "ExporterImage": None, "AlarmEmail": "",
        "BytesScannedCutoff": "10737418240", "Environment": "prod", "AthenaDatabase": "gsi_dynamodb_athena_db",
        "AthenaTable": "gsi_export", "TranscriptBucket": "", "TranscriptKey": "",
    },
    "dashboard": {
        "DashboardHost": "EcsExpress", "DashboardImage": None, "MaxFetchRows": "20000", "LogRetentionDays": "14",
        "QueryFunction": "false",
        "Environment": "prod", "AthenaDatabase": "gsi_dynamodb_athena_db", "AthenaTable": "gsi_export",
    },
    "stream": {
        "TableStreamArn": None, "DynamoTableName": None, "ExporterImage": None, "Environment": "prod",
        "S3DataPrefix": "dynamo-gsi-export", "AthenaTable": "gsi_export", "BatchSeconds": "60",
    },
    "sources": {
        "TableScan": "false", "TableExport": "false", "DynamoTableName": None, "Environment": "prod",
        "ChangesExpression": "", "TargetPrefix": "", "TargetTable": "", "S3DataPrefix": "dynamo-gsi-export",
        "KeepDaysClosed": "false", "MaximumTasks": "10", "FilesPerTask": "20", "SegmentsPerTask": "4",
        "TaskReadUnits": "0", "ToleratedPercentage": "5",
    },
    "alarms": {
        "DynamoTableName": None, "ScheduleState": "ENABLED", "ExporterHost": "Fargate", "Environment": "prod",
        "AlarmAfterHours": "26",
    },
    "registry": {},
}  # fmt: skip
"""Parameters that users know, with their defaults; None for none."""


def findings(name: str, text: str) -> list[str]:
    """Return what the rules find wrong with a template."""
    found = [] if len(text.encode()) < MOST_BYTES else [f"{len(text.encode())} bytes are too many"]
    document = document_from_text(text)
    found += _known_parameters(document, name)
    return found + [sentence for rule in RULES for sentence in rule(document)]


def _known_parameters(document: Document, name: str) -> Iterator[str]:
    declared = document.get("Parameters", {})
    for parameter, default in DEFAULTS[name].items():
        if parameter not in declared:
            yield f"parameter {parameter} is gone"
        elif (found := declared[parameter].get("Default")) != default and str(found) != default:
            yield f"parameter {parameter} has the default {found!r}, not {default!r}"


def form(document: Document) -> Iterator[str]:
    """The console's form shows each parameter once, and each says what it is."""
    groups = document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    declared = document.get("Parameters", {})
    yield from (f"{name} is shown {shown.count(name)} times" for name in declared if shown.count(name) != 1)
    yield from (f"{name} is shown and not declared" for name in shown if name not in declared)
    yield from (f"{name} has no description" for name, one in declared.items() if len(one.get("Description", "")) < 9)
    text = json.dumps({key: value for key, value in document.items() if key not in {"Parameters", "Metadata"}})
    used = {name for name in declared if f'"{name}"' in text or f"${{{name}}}" in text}
    yield from (f"parameter {name} is not used" for name in set(declared) - used)


def no_code(document: Document) -> Iterator[str]:
    """No inline code and no custom resource, which hang a stack when they fail."""
    for name, resource in document["Resources"].items():
        if resource["Type"].startswith(
            ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Macro")
        ):
            yield f"{name} is a custom resource"
        if "ZipFile" in json.dumps(resource):
            yield f"{name} has inline code"
    if "Transform" in document:
        yield "a transform is foreign code"


def kept_data(document: Document) -> Iterator[str]:
    """Data and table survive their stack; a failed first deployment leaves neither behind."""
    for name, resource in document["Resources"].items():
        kept = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        if KEPT.get(resource["Type"]) == name and kept != ("RetainExceptOnCreate", "Retain"):
            yield f"{name} goes with its stack"
    for _, table in resources(document, "AWS::DynamoDB::Table"):
        if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
            yield "the table cannot be restored"
    for name, bucket in resources(document, "AWS::S3::Bucket"):
        if name == "Data":
            rules = bucket["LifecycleConfiguration"]["Rules"]
            days = [
                rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
                for rule in rules
                if "NoncurrentVersionExpiration" in rule
            ]
            if bucket.get("VersioningConfiguration") != {"Status": "Enabled"} or days != [30]:
                yield "replaced days are not kept for 30 days"
            if any("ExpirationInDays" in rule for rule in rules):
                yield "published days expire"


def short_results(document: Document) -> Iterator[str]:
    """Results of queries expire a day after Athena would last reuse them."""
    for name, bucket in resources(document, "AWS::S3::Bucket"):
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        if name == "Results" and [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule] != [8]:
            yield "results of queries do not expire after eight days"


def bounded_queries(document: Document) -> Iterator[str]:
    """The workgroup decides where results go, how they are encrypted and how much a query may read."""
    for name, group in resources(document, "AWS::Athena::WorkGroup"):
        configured = group["WorkGroupConfiguration"]
        result = configured.get("ResultConfiguration", {})
        if not (
            configured.get("EnforceWorkGroupConfiguration") is True
            and configured.get("PublishCloudWatchMetricsEnabled") is True
            and configured.get("BytesScannedCutoffPerQuery") == {"Ref": "BytesScannedCutoff"}
            and "OutputLocation" in result
            and "EncryptionConfiguration" in result
        ):
            yield f"workgroup {name} leaves something to the client"
        if group.get("RecursiveDeleteOption") is not True:
            yield f"workgroup {name} cannot be deleted once it was used"
        if len(list(resources(document, "AWS::Athena::NamedQuery"))) != 4:
            yield "there are not four saved queries"


def sound_express(document: Document) -> Iterator[str]:
    """ECS Express has one task, because it has no stickiness, and takes the rest from a task definition."""
    for name, express in resources(document, "AWS::ECS::ExpressGatewayService"):
        shown = {"TaskDefinitionArn", "HealthCheckPath", "ScalingTarget", "Cluster"}
        if missing := shown - set(express):
            yield f"{name} leaves {', '.join(sorted(missing))} to defaults that are documented in two ways"
        if express.get("ScalingTarget", {}).get("MaxTaskCount") != 1:
            yield f"{name} may run two tasks without stickiness"
        if refused := {"PrimaryContainer", "ExecutionRoleArn", "TaskRoleArn", "Cpu", "Memory"} & set(express):
            yield f"{name} has {', '.join(sorted(refused))}, which Express refuses together with a task definition"
        task = document["Resources"][express.get("TaskDefinitionArn", {}).get("Ref", "Task")]["Properties"]
        (container,) = task["ContainerDefinitions"]
        if "Main" not in json.dumps(container["Name"]) or not all(
            port.get("Name") for port in container["PortMappings"]
        ):
            yield f"{name} finds no container Main with a named port"


def sound_hosts(document: Document) -> Iterator[str]:
    """Hosts without stickiness have one instance; the one with several is sticky and gives up on a broken task."""
    for name, scaling in resources(document, "AWS::AppRunner::AutoScalingConfiguration"):
        if scaling.get("MaxSize") != 1:
            yield f"{name} may run two instances without stickiness"
    for name, service in resources(document, "AWS::ECS::Service"):
        breaker = service.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker")
        if breaker != {"Enable": True, "Rollback": True}:
            yield f"{name} hangs for hours when its task cannot start"
    for name, group in resources(document, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        attributes = {one["Key"]: one["Value"] for one in group.get("TargetGroupAttributes", [])}
        if attributes.get("stickiness.enabled") != "true":
            yield f"{name} loses sessions"


def carried_pages(document: Document) -> Iterator[str]:
    """App Runner refuses WebSockets, so the pages travel over plain HTTP there, and elsewhere where an edge refuses."""
    streams = re.findall(r'"HTTP_STREAM", "Value": "(\w+)"', json.dumps(document))
    if streams and sorted(streams) != ["always", "auto"]:
        yield "HTTP_STREAM has to be always on App Runner, and auto elsewhere"


def told_outputs(document: Document) -> Iterator[str]:
    """Every output says what it is; none is exported, because an export ties two stacks together for ever."""
    for name, output in document["Outputs"].items():
        if len(output.get("Description", "")) < 9:
            yield f"output {name} does not say what it is"
        if "Export" in output:
            yield f"output {name} is exported"


def tagged_tasks(document: Document) -> Iterator[str]:
    """A scheduled task carries the stack's tags, so that its cost is found by them."""
    for name, schedule in resources(document, "AWS::Scheduler::Schedule"):
        task = schedule["Target"].get("EcsParameters")
        if task is not None and task.get("PropagateTags") != "TASK_DEFINITION":
            yield f"tasks of schedule {name} have no tags"


RULES: tuple[Rule, ...] = (
    form,
    no_code,
    narrow_policies,
    narrow_trust,
    closed_buckets,
    kept_data,
    short_results,
    safe_messages,
    logs_end,
    told_alarms,
    watched_exporter,
    watched_schedules,
    followed_streams,
    closed_networks,
    direct_ways,
    plain_tasks,
    tagged_tasks,
    bounded_queries,
    sound_express,
    sound_hosts,
    asked_health,
    carried_pages,
    closed_sign_in,
    safe_registry,
    told_outputs,
)
