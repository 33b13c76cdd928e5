"""Every combination of hosts, table, network, bucket, schedule and sign-in gives something that AWS would take."""

import json
import re
import shlex
from collections import Counter
from typing import Any

import pytest

from infra.settings.templates import load_template

from .combinations import combinations, rendered
from .metrics import metrics_of_a_run
from .rendering import Rendering
from .schemas import faults_in_schema

INDEX = "Channel-InitiationTimestamp-index"
KEY = "arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c-0000-4000-8000-000000000000"

KNOWN_OUTPUTS = (
    {
        "ExportDataBucket", "AthenaResultsBucket", "AthenaWorkgroup", "AthenaDatabase", "AthenaTable", "LambdaFunction",
        "OnDemandExportFunction", "ReportQueryFunction", "EventBridgeRule", "DynamoDBTable", "RunTaskCommand",
    },
    {"ReportDashboardURL", "ReportQueryFunction"},
    {"MetricNamespace"},
    {"ChangesFunction", "ChangesLogGroup"},
    {"ExporterAccessPolicy"},
    {"ExporterRepository", "DashboardRepository"},
)  # fmt: skip


@pytest.fixture(scope="module", params=["template", "alarms", "stream", "sources", "dashboard", "registry"])
def renderings(request) -> list[Rendering]:
    """Every rendering of a template that its own rules accept."""
    document = load_template(request.param).document
    made = [Rendering(document, parameters) for parameters in combinations(request.param)]
    return [rendering for rendering in made if not rendering.broken_rules]


def key_names(table: dict[str, Any]) -> set[str]:
    keys = [*table["KeySchema"], *table["GlobalSecondaryIndexes"][0]["KeySchema"]]
    return {key["AttributeName"] for key in keys}


def test_every_combination_resolves_and_fits_the_schemas(renderings):
    """No reference leads to something that is not made, and each resource is what its published schema describes."""
    seen: dict[str, str] = {}
    found: Counter[str] = Counter()
    for rendering in renderings:
        for name, resource in rendering.resources.items():
            key = json.dumps([name, resource["Properties"]], sort_keys=True)
            if key not in seen:
                seen[key] = name
                found.update(f"{name}: {fault}" for fault in faults_in_schema(resource["Type"], resource["Properties"]))
    assert found == {}
    assert renderings


def test_every_combination_has_the_outputs_that_users_know(renderings):
    """Whatever is deployed, the known outputs are there, and each output is text that is not empty."""
    for rendering in renderings:
        outputs = rendering.outputs
        assert {name: value for name, value in outputs.items() if not isinstance(value, str) or not value} == {}
        assert any(known <= set(outputs) for known in KNOWN_OUTPUTS)


def test_the_number_of_combinations():
    """How many were rendered; a smaller number would mean that something is no longer tried."""
    counts = {}
    for name in ("template", "alarms", "stream", "sources", "dashboard"):
        document = load_template(name).document
        made = [Rendering(document, parameters) for parameters in combinations(name)]
        counts[name] = (len(made), sum(not rendering.broken_rules for rendering in made))
    assert counts == {
        "template": (1920 + 6, 1680 + 6),
        "alarms": (12, 8),
        "stream": (16 + 2, 8 + 2),
        "sources": (32 + 4, 20 + 4),
        "dashboard": (192 + 3, 48 + 16 + 3),
    }


def test_an_attribute_is_defined_once(renderings):
    """DynamoDB refuses a definition that repeats a shared key, and one that no key uses."""
    for rendering in renderings:
        for resource in rendering.resources.values():
            if resource["Type"] == "AWS::DynamoDB::Table":
                table = resource["Properties"]
                defined = [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]]
                assert sorted(defined) == sorted(key_names(table))


@pytest.mark.parametrize(
    ("date_format", "type_"),
    [("ISO", "S"), ("EPOCH", "N"), ("EPOCH_MILLIS", "N"), ("HUMAN_READABLE", "S"), ("%d", "S")],
)
def test_epoch_sort_keys_are_numbers(date_format, type_):
    """A sort key of seconds or milliseconds is N, every other one S."""
    table = rendered("template", CreateTable="true", DateFormat=date_format).resources["Table"]["Properties"]
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "Channel": "S", "InitiationTimestamp": type_}


def test_provisioned_tables_have_throughput_on_table_and_index():
    """PROVISIONED needs it in both places, PAY_PER_REQUEST in none."""
    table = rendered("template", CreateTable="true", BillingMode="PROVISIONED").resources["Table"]["Properties"]
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    assert table["ProvisionedThroughput"] == throughput
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] == throughput
    table = rendered("template", CreateTable="true").resources["Table"]["Properties"]
    assert "ProvisionedThroughput" not in table | table["GlobalSecondaryIndexes"][0]


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"ExistingDataBucket": "true"}, "S3BucketName"),
        ({"CreateNetwork": "false"}, "A Fargate task needs a network"),
        ({"CronExpression": "rate(2 hours)", "ScheduleExpression": "rate(1 day)"}, "two names of one setting"),
        ({"VpcId": "vpc-01234567"}, "SubnetIds has to name"),
        ({"SubnetIds": "subnet-01234567,subnet-89abcdef"}, "VpcId has to name"),
        ({"CreateTable": "true", "TablePKName": "a", "TableSKName": "a"}, "TablePKName and TableSKName have to differ"),
        ({"CreateTable": "true", "GsiSortKeyAttribute": "Channel"}, "have to differ"),
    ],
)
def test_rules_refuse_what_cannot_work(parameters, shown):
    """A combination that cannot work is refused before anything is made, in a sentence that names the parameter."""
    assert any(shown in text for text in rendered("template", **parameters).broken_rules)


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"DashboardHost": "Fargate"}, "VpcId and SubnetIds"),
        ({"DashboardHost": "Fargate", "VpcId": "vpc-01234567"}, "which needs VpcId and SubnetIds"),
        ({"DashboardHost": "Fargate"}, "CertificateArn"),
        ({"VpcId": "vpc-01234567"}, "SubnetIds has to name"),
        ({"SubnetIds": "subnet-01234567,subnet-89abcdef"}, "VpcId has to name"),
        ({"DashboardArchitecture": "ARM64", "DashboardHost": "AppRunner"}, "AppRunner does not run"),
        (
            {"DomainName": "reports.example.com"},
            "DomainName, CertificateArn and HostedZoneId need DashboardHost Fargate",
        ),
        ({"DashboardHost": "AppRunner", "AllowedCidr": "10.0.0.0/8"}, "AllowedCidr needs DashboardHost Fargate"),
        ({"MaxTasks": "3"}, "MinTasks and MaxTasks need DashboardHost Fargate"),
        ({"MonthlyBudget": "50"}, "MonthlyBudget needs AlarmEmail"),
        ({"OidcIssuer": "https://id.example.com"}, "OidcClientId"),
        ({"OidcIssuer": "https://id.example.com", "OidcClientId": "x"}, "OidcClientSecretName"),
    ],
)
def test_rules_refuse_an_incomplete_dashboard(parameters, shown):
    """A host or an issuer without what it needs is refused in a sentence that names the parameter."""
    assert any(shown in text for text in rendered("dashboard", **parameters).broken_rules)


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("re-0123.ecs.us-east-1.on.aws", "https://re-0123.ecs.us-east-1.on.aws"),
        ("https://re-0123.ecs.us-east-1.on.aws", "https://re-0123.ecs.us-east-1.on.aws"),
        ("https://re-0123.ecs.us-east-1.on.aws/", "https://re-0123.ecs.us-east-1.on.aws"),
    ],
)
def test_the_address_has_one_scheme(monkeypatch, endpoint, address):
    """With or without a scheme in the endpoint that Express reports, the address and the callback have exactly one."""
    monkeypatch.setitem(Rendering.attribute.__globals__["_ATTRIBUTES"], "Endpoint", endpoint)
    rendering = rendered("dashboard")
    assert rendering.outputs["ReportDashboardURL"] == address
    assert rendering.outputs["RedirectAddress"] == f"{address}/oauth2callback"
    assert rendering.resources["Client"]["Properties"]["CallbackURLs"] == [f"{address}/oauth2callback"]


@pytest.mark.parametrize(
    ("host", "made", "absent"),
    [
        ("EcsExpress", {"Express", "Task", "Cluster", "Log", "Users", "SignIn"}, {"Runner", "Service", "Balancer"}),
        ("AppRunner", {"Runner", "OneInstance", "Users", "SignIn"}, {"Express", "Cluster", "Log", "Service"}),
        ("Fargate", {"Service", "Balancer", "Scaling", "Cluster", "Users", "SignIn"}, {"Express", "Runner"}),
        ("None", {"Access"}, {"Express", "Runner", "Service", "Users", "SignIn", "DashboardRole"}),
    ],
)
def test_each_host_makes_its_own(host, made, absent):
    """A host brings what it needs and nothing of the others."""
    network = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567,subnet-89abcdef"}
    resources = set(rendered("dashboard", DashboardHost=host, **network).resources)
    assert made <= resources
    assert not absent & resources


@pytest.mark.parametrize("issuer", ["", "https://id.example.com"])
def test_the_secret_holds_what_sign_in_needs(issuer):
    """Client, issuer and callback are in one JSON secret, and the random key that signs cookies is added to them."""
    own = {"OidcClientId": "mine", "OidcClientSecretName": "oidc"} if issuer else {}
    rendering = rendered("dashboard", OidcIssuer=issuer, **own)
    generated = rendering.resources["SignIn"]["Properties"]["GenerateSecretString"]
    secret = json.loads(generated["SecretStringTemplate"])
    assert generated["GenerateStringKey"] == "cookie_secret"
    assert set(secret) == {"client_id", "client_secret", "server_metadata_url", "redirect_uri"}
    assert secret["server_metadata_url"].endswith("/.well-known/openid-configuration")
    assert secret["redirect_uri"] == "https://re-0123.ecs.us-east-1.on.aws/oauth2callback"
    if issuer:
        assert secret["client_secret"] == "{{resolve:secretsmanager:oidc:SecretString:client_secret}}"


def test_the_dashboard_reads_the_secret_that_is_made():
    """The name in the container, the name of the secret and the one in the role are the same, without a reference."""
    resources = rendered("dashboard").resources
    environment = resources["Task"]["Properties"]["ContainerDefinitions"][0]["Environment"]
    (name,) = [one["Value"] for one in environment if one["Name"] == "SIGN_IN_SECRET"]
    assert resources["SignIn"]["Properties"]["Name"] == name
    statement = resources["DashboardRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"].endswith(f":secret:{name}*")


@pytest.mark.parametrize(("host", "container"), [("EcsExpress", "Main"), ("Fargate", "dashboard")])
def test_express_and_fargate_run_one_task(host, container):
    """Both run the same task definition: read-only root, a minute to stop, either processor; Express names it Main."""
    network = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567,subnet-89abcdef"}
    resources = rendered("dashboard", DashboardHost=host, DashboardArchitecture="ARM64", **network).resources
    task = resources["Task"]["Properties"]
    (made,) = task["ContainerDefinitions"]
    assert (made["Name"], made["ReadonlyRootFilesystem"], made["StopTimeout"]) == (container, True, 60)
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert made["PortMappings"] == [{"Name": "pages", "ContainerPort": 8501, "Protocol": "tcp"}]
    if host == "EcsExpress":
        definition = resources["Express"]["Properties"]["TaskDefinitionArn"]
        assert definition.startswith("arn:aws:ecs:us-east-1:111122223333:task-definition/")


def test_the_pull_is_limited_to_the_image():
    """A role pulls from the one repository of its image: account, region and name come out of the image's address."""
    role = rendered("template").resources["StartRole"]["Properties"]
    (pull,) = [one for one in role["Policies"][0]["PolicyDocument"]["Statement"] if one["Sid"] == "PullImage"]
    assert pull["Resource"] == "arn:aws:ecr:us-east-1:111122223333:repository/dynamodb-reporting/exporter"


def test_alarms_read_what_the_exporter_writes():
    """Each metric is taken from a field of the line that a run writes, into a namespace of one installation."""
    line = metrics_of_a_run()
    resources = rendered("alarms").resources.values()
    filters = [one["Properties"] for one in resources if one["Type"] == "AWS::Logs::MetricFilter"]
    made = set()
    for one in filters:
        (transformation,) = one["MetricTransformations"]
        made.add((transformation["MetricNamespace"], transformation["MetricName"]))
        for field in re.findall(r"\$\.(\w+)", one["FilterPattern"] + transformation["MetricValue"]):
            assert field in line
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    ours = {(one["Namespace"], one["MetricName"]) for one in alarms if one["Namespace"].startswith("DynamoDB")}
    assert ours == made == {("DynamoDBReporting/reports", name) for name in ("RunsSucceeded", "DataAge", "Quarantined")}


def test_the_query_function_is_named_where_it_is_made():
    """With QueryFunction the output names a function of the dashboard's image with its policy; without, it says how."""
    rendering = rendered("dashboard", QueryFunction="true")
    assert rendering.outputs["ReportQueryFunction"] == "reports-Query"
    made = rendering.resources["Query"]["Properties"]
    assert made["Code"]["ImageUri"].startswith("111122223333.dkr.ecr.us-east-1.amazonaws.com/")
    assert rendering.resources["QueryRole"]["Properties"]["ManagedPolicyArns"] == [
        "arn:aws:iam::111122223333:policy/reports-access"
    ]
    assert rendered("dashboard").outputs["ReportQueryFunction"].startswith("none; set QueryFunction to true")
    assert "Query" not in rendered("dashboard").resources


def test_a_created_table_has_a_stream_where_it_is_wanted():
    """With TableStream the table that is made has a stream with both images, an output; without, it has none."""
    rendering = rendered("template", CreateTable="true", TableStream="true")
    assert rendering.resources["Table"]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "TableStreamArn" in rendering.outputs
    rendering = rendered("template", CreateTable="true")
    assert "StreamSpecification" not in rendering.resources["Table"]["Properties"]
    assert "TableStreamArn" not in rendering.outputs


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"OverwriteMode": "APPEND"}, "changes need OVERWRITE"),
        ({"ExporterCluster": ""}, "ExporterCluster, ExporterTask and TaskStartRoleArn have to be given"),
        ({"SubnetIds": ""}, "TaskSecurityGroup and SubnetIds have to be given"),
    ],
)
def test_rules_refuse_an_incomplete_stream(parameters, shown):
    """A stream without what merges its files, or of a dataset that cannot have changes, is refused by name."""
    assert any(shown in text for text in rendered("stream", **parameters).broken_rules)


def test_change_files_are_merged_by_the_exporters_task():
    """Every 15 minutes the task runs `compact`; where the exporter is a function, an export merges at its end."""
    target = rendered("stream").resources["Compaction"]["Properties"]["Target"]
    assert json.loads(target["Input"]) == {
        "containerOverrides": [{"name": "exporter", "command": ["compact", "--json"]}]
    }
    assert target["EcsParameters"]["TaskDefinitionArn"].endswith(":task-definition/reports-exporter")
    assert "Compaction" not in rendered("stream", ExporterHost="Lambda").resources


def statement(rendering: Rendering, role: str, sid: str) -> dict[str, Any]:
    properties = rendering.resources[role]["Properties"]
    policy = properties.get("PolicyDocument") or properties["Policies"][0]["PolicyDocument"]
    found = [one for one in policy["Statement"] if one["Sid"] == sid]
    return found[0] if found else {}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("contacts", "arn:aws:dynamodb:us-east-1:111122223333:table/contacts"),
        (
            "arn:aws:dynamodb:us-east-1:444455556666:table/contacts",
            "arn:aws:dynamodb:us-east-1:444455556666:table/contacts",
        ),
    ],
)
def test_the_role_reads_the_table_that_is_named(name, table):
    """A name means a table of this account, an ARN the table of the account in it; the index belongs to either."""
    rendering = rendered("template", DynamoTableName=name)
    assert statement(rendering, "ExporterRole", "KnowTable")["Resource"] == table
    assert statement(rendering, "ExporterRole", "ReadIndex")["Resource"] == f"{table}/index/{INDEX}"


@pytest.mark.parametrize(
    ("parameter", "sid", "actions", "services"),
    [
        ("TableKeyArn", "DecryptTable", ["kms:Decrypt", "kms:DescribeKey"], "dynamodb.us-east-1.amazonaws.com"),
        ("DataKeyArn", "UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], "s3.us-east-1.amazonaws.com"),
        (
            "ResultsKeyArn",
            "UseResultsKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["s3.us-east-1.amazonaws.com", "athena.us-east-1.amazonaws.com"],
        ),
    ],
)
def test_a_key_of_ones_own_is_used_through_its_service(parameter, sid, actions, services):
    """Each role that touches the data may use that key alone and through its service alone; without one, none."""
    for name, role in (("template", "ExporterRole"), ("dashboard", "Access")):
        if parameter in load_template(name).parameters:
            assert statement(rendered(name, **{parameter: KEY}), role, sid) == {
                "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": KEY,
                "Condition": {"StringEquals": {"kms:ViaService": services}},
            }  # fmt: skip
            assert statement(rendered(name), role, sid) == {}


def test_what_is_made_is_encrypted_with_the_key_given():
    """Table, data, results and workgroup take a key of one's own; without one they have AWS's."""
    for key in ("", KEY):
        keys = {"TableKeyArn": key, "DataKeyArn": key, "ResultsKeyArn": key, "CreateTable": "true"}
        made = {name: one["Properties"] for name, one in rendered("template", **keys).resources.items()}
        (data,) = made["Data"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        (results,) = made["Results"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        shown = [
            made["Table"]["SSESpecification"].get("KMSMasterKeyId"),
            data["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"),
            results["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"),
            made["Workgroup"]["WorkGroupConfiguration"]["ResultConfiguration"]["EncryptionConfiguration"].get("KmsKey"),
        ]
        assert shown == [key or None] * 4


def test_lake_formation_gives_data_to_both_roles():
    """With Lake Formation both roles may ask it for data, and without it neither does."""
    for name, role in (("template", "ExporterRole"), ("dashboard", "Access")):
        given = statement(rendered(name, LakeFormation="true"), role, "ReadGovernedData")
        assert (given["Action"], given["Resource"]) == ("lakeformation:GetDataAccess", "*")
        assert statement(rendered(name), role, "ReadGovernedData") == {}


@pytest.mark.parametrize(("host", "schedule"), [("Fargate", "TaskSchedule"), ("Lambda", "FunctionSchedule")])
def test_the_schedule_has_two_names(host, schedule):
    """ScheduleExpression, as earlier users wrote it, is taken in place of CronExpression; without it, the latter."""
    given = {"ExporterHost": host, "ScheduleExpression": "rate(12 hours)"}
    shown = [
        rendered("template", **parameters).resources[schedule]["Properties"]["ScheduleExpression"]
        for parameters in (given, {"ExporterHost": host, "CronExpression": "rate(2 hours)"})
    ]
    assert shown == ["rate(12 hours)", "rate(2 hours)"]


def test_the_run_task_line_is_a_command():
    """The ready-made line parses as one shell command with the parts that ECS takes."""
    words = shlex.split(rendered("template").outputs["RunTaskCommand"])
    assert words[:3] == ["aws", "ecs", "run-task"]
    overrides = json.loads(words[words.index("--overrides") + 1])
    assert overrides == {"containerOverrides": [{"name": "exporter", "command": ["export", "--json"]}]}
    network = words[words.index("--network-configuration") + 1]
    assert network.startswith("awsvpcConfiguration={subnets=[subnet-")
    words = shlex.split(rendered("template", ExporterHost="Lambda").outputs["RunTaskCommand"])
    assert words[:3] == ["aws", "lambda", "invoke"]
