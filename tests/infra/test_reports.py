"""The template of alerts and reports: what it starts, how often, and what the dashboard's role gains."""

import json

from cfnlint.api import lint

from infra.settings.templates import FOLDER, MOST_BYTES, document_from_text

from .rendering import ACCOUNT, IMAGE, REGION, Rendering
from .schemas import faults_in_schema
from .standalone import DASHBOARD_ROLE, REPORTS

TEXT = (FOLDER / "reports.yaml").read_text(encoding="utf-8")
IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mail-AbCdEf"


def rendered(**parameters: str) -> dict:
    return Rendering(document_from_text(TEXT), REPORTS | parameters).resources


def test_the_checkers_find_nothing():
    """cfn-lint, the resource schemas and the size limit have nothing to say."""
    assert [f"{match.rule.id} {match.message}" for match in lint(TEXT)] == []
    assert len(TEXT.encode()) < MOST_BYTES
    for resource in rendered(SesIdentityArn=IDENTITY, ReportSecretArn=SECRET).values():
        assert list(faults_in_schema(resource["Type"], resource["Properties"])) == []


def test_the_dashboards_task_is_started_each_quarter_of_an_hour():
    """The latest revision of the task definition, with the entry's command and the settings of mails."""
    schedule = rendered(ReportSecretArn=SECRET)["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "cron(0/15 * * * ? *)"
    task = schedule["Target"]["EcsParameters"]["TaskDefinitionArn"]
    assert task == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/reports-dashboard-dashboard"
    (container,) = json.loads(schedule["Target"]["Input"])["containerOverrides"]
    assert (container["name"], container["command"]) == ("Main", ["reports", "run"])
    assert {each["name"]: each["value"] for each in container["environment"]} == {
        "DASHBOARD_URL": "https://reports.example.com",
        "REPORT_FROM": "reports@example.com",
        "REPORT_SECRET": SECRET,
    }


def test_an_export_that_has_ended_starts_the_same_task():
    """The rule knows the export's task family on its cluster, by a status of 0, and starts what the schedule starts."""
    made = rendered(ExporterCluster="export-Cluster-1", ExporterTask="export-exporter")
    schedule, rule = made["Schedule"]["Properties"], made["AfterExport"]["Properties"]
    assert list(faults_in_schema("AWS::Events::Rule", rule)) == []
    assert rule["EventPattern"]["detail"] == {
        "clusterArn": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/export-Cluster-1"],
        "group": ["family:export-exporter"],
        "lastStatus": ["STOPPED"],
        "containers": {"exitCode": [0]},
    }
    (target,) = rule["Targets"]
    same = ("Arn", "RoleArn", "Input")
    assert {name: target[name] for name in same} == {name: schedule["Target"][name] for name in same}
    task = {name: value for name, value in target["EcsParameters"].items() if name != "NetworkConfiguration"}
    assert task == {name: value for name, value in schedule["Target"]["EcsParameters"].items() if name in task}
    (trust,) = made["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": ["scheduler.amazonaws.com", "events.amazonaws.com"]}
    (alone,) = rendered()["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert alone["Principal"] == {"Service": "scheduler.amazonaws.com"}


def test_an_export_of_the_function_starts_the_same_task():
    """What Lambda says of an invocation that succeeded, of this function alone, starts what the schedule starts."""
    made = rendered(ExporterFunction="export-Function-1")
    schedule, rule = made["Schedule"]["Properties"], made["AfterFunction"]["Properties"]
    assert list(faults_in_schema("AWS::Events::Rule", rule)) == []
    assert rule["EventPattern"] == {
        "source": ["lambda"],
        "detail-type": ["Lambda Function Invocation Result - Success"],
        "resources": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:export-Function-1:$LATEST"],
    }
    (target,) = rule["Targets"]
    same = ("Arn", "RoleArn", "Input")
    assert {name: target[name] for name in same} == {name: schedule["Target"][name] for name in same}
    (trust,) = made["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": ["scheduler.amazonaws.com", "events.amazonaws.com"]}


def test_the_exporters_function_tells_the_bus_of_its_success():
    """Its asynchronous invocations end as an event on the default bus, the one place where its role may put it."""
    text = (FOLDER / "template.yaml").read_text(encoding="utf-8")
    given = {"ExporterHost": "Lambda", "ExporterImage": IMAGE}
    made = Rendering(document_from_text(text), given).resources
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    told = made["FunctionFailures"]["Properties"]["DestinationConfig"]
    assert told["OnSuccess"] == {"Destination": bus}
    statements = [
        statement
        for policy in made["ExporterRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert [each["Resource"] for each in statements if each["Action"] == "events:PutEvents"] == [bus]


def test_the_role_gains_nothing_that_is_not_asked_for():
    """Without an identity and a secret no policy is made; with them, one address and one secret."""
    assert set(rendered()) == {"ScheduleRole", "Schedule"}
    made = rendered(SesIdentityArn=IDENTITY, ReportSecretArn=SECRET)
    for name in ("SendMail", "ReadSettings"):
        assert made[name]["Properties"]["RoleName"] == "reports-dashboard-DashboardRole-1ABC"
    for statement in made["SendMail"]["Properties"]["PolicyDocument"]["Statement"]:
        assert statement["Resource"] == IDENTITY
        assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": "reports@example.com"}}
    (read,) = made["ReadSettings"]["Properties"]["PolicyDocument"]["Statement"]
    assert (read["Action"], read["Resource"]) == ("secretsmanager:GetSecretValue", SECRET)


def test_the_schedule_starts_this_task_on_this_cluster_alone():
    """Its role may run the dashboard's task there, and hand over the two roles of the task."""
    (policy,) = rendered()["ScheduleRole"]["Properties"]["Policies"]
    run, hand_over = policy["PolicyDocument"]["Statement"]
    assert run["Resource"].endswith(":task-definition/reports-dashboard-dashboard:*")
    assert run["Condition"] == {"ArnEquals": {"ecs:cluster": REPORTS["DashboardCluster"]}}
    assert hand_over["Resource"] == [DASHBOARD_ROLE, REPORTS["DashboardStartRoleArn"]]
