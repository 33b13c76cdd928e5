"""Every combination of parameters that matters to conditions."""

import itertools
from collections.abc import Iterator

from infra.settings.templates import TemplateName, load_template

from .rendering import ACCOUNT, IMAGE, REGION, Rendering

Parameters = dict[str, str]

REQUIRED: dict[str, Parameters] = {
    "template": {
        "DynamoTableName": "contacts",
        "GsiName": "Channel-InitiationTimestamp-index",
        "GsiPartitionKeyAttribute": "Channel",
        "GsiPartitionKeyValue": "VOICE,CHAT",
        "GsiSortKeyAttribute": "InitiationTimestamp",
        "ExporterImage": IMAGE,
    },
    "dashboard": {
        "DynamoTableName": "contacts",
        "GsiName": "Channel-InitiationTimestamp-index",
        "GsiPartitionKeyAttribute": "Channel",
        "GsiPartitionKeyValue": "VOICE,CHAT",
        "GsiSortKeyAttribute": "InitiationTimestamp",
        "DashboardImage": IMAGE,
        "ExportDataBucket": "reports-data",
        "AthenaResultsBucket": "reports-results",
        "AthenaWorkgroup": "reports",
    },
    "stream": {
        "DynamoTableName": "contacts",
        "GsiName": "Channel-InitiationTimestamp-index",
        "GsiPartitionKeyAttribute": "Channel",
        "GsiPartitionKeyValue": "VOICE,CHAT",
        "GsiSortKeyAttribute": "InitiationTimestamp",
        "ExporterImage": IMAGE,
        "TableStreamArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/contacts/stream/2026-11-01T00:00:00.000",
        "ExportDataBucket": "reports-data",
        "AlarmTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic",
        "UndeliveredQueue": "reports-Undelivered",
        "ExporterCluster": "reports-Cluster",
        "ExporterTask": "reports-exporter",
        "ExporterRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reports-role",
        "TaskStartRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reports-start",
        "TaskSecurityGroup": "sg-0123456789abcdef0",
        "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    },
    "sources": {
        "DynamoTableName": "contacts",
        "TableExport": "true",
        "ExportDataBucket": "reports-data",
        "AlarmTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic",
        "ExporterLogGroup": "/reports/exporter",
        "UndeliveredQueue": "reports-Undelivered",
        "ExporterCluster": "reports-Cluster",
        "ExporterTask": "reports-exporter",
        "ExporterRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reports-role",
        "TaskStartRoleArn": f"arn:aws:iam::{ACCOUNT}:role/reports-start",
        "TaskSecurityGroup": "sg-0123456789abcdef0",
        "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    },
    "alarms": {
        "DynamoTableName": "contacts",
        "ExporterLogGroup": "/reports/exporter",
        "ExporterCluster": "reports-Cluster",
        "LambdaFunction": "reports-Function",
        "UndeliveredQueue": "reports-Undelivered",
        "AlarmTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic",
    },
    "registry": {},
}

_NETWORK = {"VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1"}

_CHOICES: dict[str, list[list[Parameters]]] = {
    "template": [
        [{"ExporterHost": "Fargate"}, {"ExporterHost": "Lambda"}],
        [
            {},
            {"CreateTable": "true"},
            {"CreateTable": "true", "TableSKName": "sk", "BillingMode": "PROVISIONED"},
            {"CreateTable": "true", "TablePKName": "Channel", "TableSKName": "InitiationTimestamp"},
            {
                "CreateTable": "true",
                "TablePKName": "InitiationTimestamp",
                "DateFormat": "EPOCH",
                "GsiPartitionKeyType": "N",
            },
        ],
        [{}, _NETWORK, {"CreateNetwork": "false"}, _NETWORK | {"CreateNetwork": "false", "AssignPublicIp": "DISABLED"}],
        [{}, {"S3BucketName": "given"}, {"S3BucketName": "given", "ExistingDataBucket": "true"}],
        [{}, {"DateRangeMode": "PREVIOUS_WEEK"}],
        [{}, {"ScheduleState": "DISABLED"}],
        [{}, {"AlarmEmail": "reports@example.com"}],
        [{}, {"ExporterArchitecture": "ARM64"}],
    ],
    "dashboard": [
        [{"DashboardHost": host} for host in ("EcsExpress", "AppRunner", "Fargate", "None")],
        [{}, _NETWORK],
        [{}, {"OidcIssuer": "https://id.example.com", "OidcClientId": "reports", "OidcClientSecretName": "oidc"}],
        [{}, {"FirstUserEmail": "someone@example.com"}],
        [{}, {"AlarmTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic"}],
        [
            {},
            {"DomainName": "reports.example.com", "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1"},
            {
                "DomainName": "reports.example.com",
                "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
                "HostedZoneId": "Z0123",
            },
        ],
    ],
    "alarms": [
        [{"ExporterHost": "Fargate"}, {"ExporterHost": "Lambda"}, {"ExporterCluster": ""}],
        [{}, {"ScheduleState": "DISABLED"}],
        [{}, {"AlarmAfterHours": "168"}],
    ],
    "stream": [
        [
            {"ExporterHost": "Fargate"},
            {"ExporterHost": "Lambda"},
            {"TaskSecurityGroup": ""},
            {"OverwriteMode": "APPEND"},
        ],
        [{}, {"ExporterArchitecture": "ARM64"}],
        [{}, {"DynamoTableName": f"arn:aws:dynamodb:{REGION}:444455556666:table/contacts"}],
    ],
    "sources": [
        [{"ExporterHost": "Fargate"}, {"ExporterHost": "Lambda"}, {"ExporterTask": ""}, {"TableExport": "false"}],
        [{}, {"TableScan": "true"}],
        [{}, {"DynamoTableName": f"arn:aws:dynamodb:{REGION}:444455556666:table/contacts"}],
        [{}, {"DataKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c-0000-4000-8000-000000000000"}],
    ],
    "registry": [[{}]],
}


_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c-0000-4000-8000-000000000000"
_PROTECTED = {"DataKeyArn": _KEY, "ResultsKeyArn": _KEY, "LakeFormation": "true"}
_ALONE: dict[str, list[Parameters]] = {
    "template": [
        _PROTECTED | {"TableKeyArn": _KEY, "CreateTable": "true"},
        _PROTECTED | {"TableKeyArn": _KEY, "S3BucketName": "given", "ExistingDataBucket": "true"},
        {"DynamoTableName": f"arn:aws:dynamodb:{REGION}:444455556666:table/contacts"},
        {"ScheduleExpression": "rate(12 hours)"},
        {"CreateTable": "true", "TableStream": "true"},
        {"Dataset": "calls", "GsiName": "", "TranscriptBucket": "call-transcripts"},
    ],
    "sources": [
        {"TableExport": "false", "TranscriptBucket": "call-transcripts"},
        {"TableExport": "false", "TargetPrefix": "quicksight", "TargetTable": "orders_*"},
        {"ChangesExpression": "cron(0 3 * * ? *)", "DataKeyArn": _KEY},
        {"ChangesExpression": "rate(1 hour)", "ScheduleState": "DISABLED", "KeepDaysClosed": "true"},
    ],
    "stream": [{"TranscriptBucket": "call-transcripts"}, {"TableKeyArn": _KEY, "DataKeyArn": _KEY}],
    "dashboard": [
        _PROTECTED,
        {"QueryFunction": "true"},
        {
            "QueryFunction": "true",
            "DashboardHost": "None",
            "AlarmTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:reports-topic",
        },
    ],
}
"""Choices that depend on no other, so that they are tried once each and not with all others."""


def combinations(name: str) -> Iterator[Parameters]:
    """Yield sets of parameters of a template, those included that its rules refuse."""
    for chosen in itertools.product(*_CHOICES[name]):
        merged = dict(REQUIRED[name])
        for one in chosen:
            merged |= one
        yield merged
    for one in _ALONE.get(name, []):
        yield REQUIRED[name] | one


def rendered(name: TemplateName, **parameters: str) -> Rendering:
    """Return a template with the defaults and some parameters."""
    return Rendering(load_template(name).document, REQUIRED[name] | parameters)
