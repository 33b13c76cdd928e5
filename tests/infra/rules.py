"""What a template of this repository must hold to, beyond being valid. A rule yields what is wrong, in sentences."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.settings.templates import MOST_BYTES, document_from_text

Document = Mapping[str, Any]
Rule = Callable[[Document], Iterator[str]]

KNOWN_WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken", "ec2:DescribeAccountAttributes", "lakeformation:GetDataAccess", "dynamodb:ListStreams",
    "dynamodb:ListExports", "lambda:ListEventSourceMappings", "cloudwatch:GetMetricStatistics",
}  # fmt: skip
"""Actions that take no resource, so that "*" is the only one."""

TRUSTED = {
    "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "ecs.amazonaws.com",
    "tasks.apprunner.amazonaws.com", "build.apprunner.amazonaws.com", "states.amazonaws.com",
}  # fmt: skip

SECRET_WORDS = "PASSWORD|TOKEN|(?<!^TRANSCRIPT)_KEY$|CLIENT_SECRET"
"""In names of variables. `TRANSCRIPT_KEY` is the pattern of S3 keys and no secret; every other key is one."""

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
        "MaximumTasks": "10", "FilesPerTask": "20", "SegmentsPerTask": "4", "TaskReadUnits": "0",
        "ToleratedPercentage": "5",
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


def resources(document: Document, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and properties of the resources of some types."""
    for name, resource in document["Resources"].items():
        if not types or resource["Type"] in types:
            yield name, resource.get("Properties", {})


def nodes(value: Any) -> Iterator[Any]:
    """Yield every mapping, list and scalar below a value."""
    yield value
    if isinstance(value, Mapping):
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def statements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every statement of every policy below a value, both branches of an `If` included."""
    for node in nodes(value):
        if isinstance(node, Mapping) and "Effect" in node:
            yield node


def listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]


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


def narrow_policies(document: Document) -> Iterator[str]:
    """No wildcard where something narrower is possible, and a name for each purpose."""
    for name, properties in resources(document):
        sids = [statement.get("Sid") for statement in statements(properties)]
        if None in sids:
            yield f"{name}: a statement has no Sid"
        if repeated := {str(sid) for sid in sids if sids.count(sid) > 1}:
            yield f"{name}: {', '.join(sorted(repeated))} twice"
        for statement in statements(properties):
            if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
                yield f"{name}/{statement.get('Sid')}: says what it does not mean"
            if statement["Effect"] == "Allow":
                yield from (f"{name}/{statement.get('Sid')}: {fault}" for fault in _width(statement))


def _width(statement: Mapping[str, Any]) -> Iterator[str]:
    actions = set(listed(statement.get("Action", [])))
    if any("*" in action for action in actions):
        yield "wildcard action"
    if "*" in map(str, nodes(statement.get("Resource"))) and not actions <= KNOWN_WITHOUT_RESOURCE:
        yield "wildcard resource"
    if statement.get("Principal") in ("*", {"AWS": "*"}):
        yield "open to everyone"
    if "ecs:RunTask" in actions and "ecs:cluster" not in json.dumps(statement.get("Condition", {})):
        yield "runs a task on any cluster"
    if "iam:PassRole" in actions and "iam:PassedToService" not in json.dumps(statement.get("Condition", {})):
        yield "passes a role to any service"
    if any(action.startswith("kms:") for action in actions) and "kms:ViaService" not in str(statement.get("Condition")):
        yield "uses a key outside of the service that holds the data"


def narrow_trust(document: Document) -> Iterator[str]:
    """Roles are for the services that need them."""
    for name, properties in resources(document, "AWS::IAM::Role"):
        trusted = properties["AssumeRolePolicyDocument"]["Statement"]
        for statement in trusted:
            principals = {node for node in nodes(statement["Principal"].get("Service")) if isinstance(node, str)}
            services = {principal for principal in principals if "." in principal}
            if "AWS" in statement["Principal"] or not services or services - TRUSTED:
                yield f"{name} trusts {statement['Principal']}"
        for arn in (node for node in nodes(properties.get("ManagedPolicyArns", [])) if isinstance(node, str)):
            if ":aws:policy/" in arn and "service-role/" not in arn:
                yield f"{name} has the managed policy {arn}"


def closed_buckets(document: Document) -> Iterator[str]:
    """Buckets are private, encrypted, reached over TLS, and drop what is broken."""
    policies = {
        properties["Bucket"]["Ref"]: properties["PolicyDocument"]["Statement"]
        for _, properties in resources(document, "AWS::S3::BucketPolicy")
    }
    for name, bucket in resources(document, "AWS::S3::Bucket"):
        block = bucket.get("PublicAccessBlockConfiguration", {})
        if len(block) != 4 or not all(value is True for value in block.values()):
            yield f"bucket {name} does not block public access"
        if "ServerSideEncryptionByDefault" not in json.dumps(bucket.get("BucketEncryption", {})):
            yield f"bucket {name} is not encrypted"
        if "BucketOwnerEnforced" not in json.dumps(bucket.get("OwnershipControls", {})):
            yield f"bucket {name} has ACLs"
        if "AbortIncompleteMultipartUpload" not in json.dumps(bucket.get("LifecycleConfiguration", {})):
            yield f"bucket {name} keeps broken uploads for ever"
        if any(rule["Status"] != "Enabled" for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])):
            yield f"bucket {name} has a lifecycle rule that is switched off"
        denies = [one for one in policies.get(name, []) if one["Effect"] == "Deny"]
        tls = [one for one in denies if one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}]
        if not tls or len(listed(tls[0]["Resource"])) != 2 or tls[0]["Action"] != "s3:*":
            yield f"bucket {name} takes plain HTTP"


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


def safe_messages(document: Document) -> Iterator[str]:
    """Queues are encrypted; queues and topics are reached over TLS alone."""
    guarded = json.dumps([p for _, p in resources(document, "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")])
    count = len(list(resources(document, "AWS::SQS::Queue", "AWS::SNS::Topic")))
    for name, properties in resources(document, "AWS::SQS::Queue", "AWS::SNS::Topic"):
        if (
            document["Resources"][name]["Type"] == "AWS::SQS::Queue"
            and properties.get("SqsManagedSseEnabled") is not True
        ):
            yield f"queue {name} is not encrypted"
        if f'"{name}"' not in guarded or guarded.count("aws:SecureTransport") < count:
            yield f"{name} takes plain HTTP"


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
    """A start that fails is tried again and then put aside; a run that fails is not repeated behind one's back."""
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
    """A batch says which record failed, is halved, ends before the stream forgets it, and is put aside."""
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


def closed_networks(document: Document) -> Iterator[str]:
    """Only a load balancer takes connections from outside, and a task talks HTTPS alone."""
    for name, group in resources(document, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", []):
            outside = "CidrIp" in rule or "CidrIpv6" in rule
            if outside and (
                name != "BalancerGuard" or rule["FromPort"] not in {80, 443} or rule["CidrIp"] != {"Ref": "AllowedCidr"}
            ):
                yield f"{name} is open to everyone at {rule.get('FromPort')}"
        for rule in group.get("SecurityGroupEgress", []):
            if rule["IpProtocol"] == -1 or rule.get("FromPort") != 443 or rule.get("ToPort") != 443:
                yield f"{name} lets everything out"
        if name == "TaskGuard" and "SecurityGroupEgress" not in group:
            yield f"{name} lets everything out"
    for name, listener in resources(document, "AWS::ElasticLoadBalancingV2::Listener"):
        redirects = [action["Type"] == "redirect" for action in listener["DefaultActions"]]
        if listener["Protocol"] != "HTTPS" and not all(redirects):
            yield f"{name} serves plain HTTP"
        if listener["Protocol"] == "HTTPS" and "TLS13" not in listener.get("SslPolicy", ""):
            yield f"{name} speaks old TLS"


def direct_ways(document: Document) -> Iterator[str]:
    """Data goes to S3 and DynamoDB by gateway endpoints."""
    for name, _ in resources(document, "AWS::EC2::VPC"):
        endpoints = [
            p for _, p in resources(document, "AWS::EC2::VPCEndpoint") if p["RouteTableIds"] == [{"Ref": "Routes"}]
        ]
        services = {endpoint["ServiceName"]["Fn::Sub"].rpartition(".")[2] for endpoint in endpoints}
        if services != {"s3", "dynamodb"}:
            yield f"data leaves {name} for the internet"


def plain_tasks(document: Document) -> Iterator[str]:
    """Containers cannot write to their own files, have no secret in their variables and are logged."""
    for name, task in resources(document, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            if container.get("ReadonlyRootFilesystem") is not True or container.get("Privileged"):
                yield f"{name} can change its own files"
            if container.get("LogConfiguration", {}).get("LogDriver") != "awslogs":
                yield f"{name} is not logged"
    for node in nodes(document["Resources"]):
        if isinstance(node, Mapping) and re.search(
            "PASSWORD|TOKEN|(?<!^TRANSCRIPT)_KEY$|CLIENT_SECRET", str(node.get("Name", ""))
        ):
            yield f"{node['Name']} is in a variable"
    for name, parameter in document.get("Parameters", {}).items():
        if re.search("Password|Secret$|Token", name) and not parameter.get("NoEcho"):
            yield f"parameter {name} would be shown"


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
        if beside := {"PrimaryContainer", "ExecutionRoleArn", "TaskRoleArn", "Cpu", "Memory"} & set(express):
            yield f"{name} has {', '.join(sorted(beside))}, which Express refuses together with a task definition"
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


def carried_pages(document: Document) -> Iterator[str]:
    """App Runner refuses WebSockets, so the pages travel over plain HTTP there, and elsewhere where an edge refuses."""
    streams = re.findall(r'"HTTP_STREAM", "Value": "(\w+)"', json.dumps(document))
    if streams and sorted(streams) != ["always", "auto"]:
        yield "HTTP_STREAM has to be always on App Runner, and auto elsewhere"


def closed_sign_in(document: Document) -> Iterator[str]:
    """There is no self-service sign-up, and only codes travel through the browser."""
    for name, pool in resources(document, "AWS::Cognito::UserPool"):
        if pool.get("AdminCreateUserConfig") != {"AllowAdminCreateUserOnly": True}:
            yield f"sign-up is open in {name}"
    for name, client in resources(document, "AWS::Cognito::UserPoolClient"):
        if client.get("AllowedOAuthFlows") != ["code"] or client.get("GenerateSecret") is not True:
            yield f"client {name} hands out tokens through the browser"
        if any("localhost" in json.dumps(url) or "*" in json.dumps(url) for url in client["CallbackURLs"]):
            yield f"client {name} calls back elsewhere"


def safe_registry(document: Document) -> Iterator[str]:
    """A tag means one image for ever, and each image is scanned."""
    for name, repository in resources(document, "AWS::ECR::Repository"):
        if repository.get("ImageTagMutability") != "IMMUTABLE":
            yield f"{name} lets a tag move"
        if repository.get("ImageScanningConfiguration") != {"ScanOnPush": True}:
            yield f"{name} is not scanned"
        if repository.get("EmptyOnDelete") is not True:
            yield f"{name} cannot be deleted once it was used"


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
