"""The file of an environment: what is read from it, and every fault reported before any call."""

import datetime as dt
import re

import pytest
import yaml

from dataset_model.loading import dataset_from_environment
from infra.errors import EnvironmentFault
from infra.settings.environment import load_environment
from infra.settings.schedules import longest_pause
from infra.settings.templates import load_templates

_EMPTY = "region: us-east-1\nstack: a\nparameters: {GsiName: ''"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stack: reports\n", "region: expected text"),
        ("region: us-east-1\nstack: 1reports\n", "beginning with a letter"),
        ("region: us-east-1\nstack: a\nparameters: {GsiNam: x}\n", "did you mean GsiName"),
        ("region: us-east-1\nstack: a\nparameter: {}\n", "parameter: unknown field"),
        ("region: us-east-1\nstack: a\nparameters: {DashboardHost: Fargat}\n", "expected AppRunner, .*found 'Fargat'"),
        ("region: us-east-1\nstack: a\nparameters: {CreateTable: yes}\n", "expected false, true; found 'yes'"),
        (f"{_EMPTY}}}\n", "GsiName: empty, so the table is scanned; expected TableScan: true"),
        (f"{_EMPTY}, TableScan: true}}\n", "GsiName: empty; expected a Dataset"),
        (f"{_EMPTY}, GsiSortKeyAttribute: at}}\n", "GsiSortKeyAttribute: GsiName is empty, .*found 'at'"),
        ("- a\n", "expected region, stack"),
        ("a: [\n", "cannot be read"),
    ],
)
def test_a_wrong_environment_is_reported(tmp_path, text, shown):
    """Every fault of an environment's file is reported before any call."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(EnvironmentFault, match=shown):
        load_environment(str(path), load_templates())


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("GsiPartitionKeyValue", "NO", "NO"),
        ("GsiPartitionKeyValue", "010", "010"),
        ("GsiPartitionKeyValue", "TRUE", "TRUE"),
        ("GsiPartitionKeyValue", "2026-01-01", "2026-01-01"),
        ("GsiPartitionKeyValue", "[NO, 1e3]", "NO,1e3"),
        ("GsiPartitionKeyValue", '["a,b", c]', '["a,b", "c"]'),
        ("CreateTable", "true", "true"),
        ("CreateTable", "True", "true"),
        ("LogRetentionDays", "90", "90"),
        ("BytesScannedCutoff", "1073741824", "1073741824"),
        ("AlarmEmail", "", ""),
        ("AlarmEmail", "null", ""),
    ],
)
def test_a_value_is_deployed_as_it_is_written(tmp_path, name, written, value):
    """A partition value that YAML 1.1 would read as a truth, a number or a date stays what the table holds."""
    path = tmp_path / "mine.yaml"
    path.write_text(f"region: us-east-1\nstack: a\nparameters:\n  {name}: {written}\n")
    assert load_environment(str(path), load_templates()).parameters[name] == value


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
    ("parameters", "shown"),
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
        ("ScheduleExpression: rate(12 hours)", None),
        ("DynamoTableName: arn:aws:dynamodb:us-east-1:444455556666:table/contacts", None),
        (
            "CreateTable: true, DynamoTableName: arn:aws:dynamodb:us-east-1:444455556666:table/contacts",
            "DynamoTableName: CreateTable makes a table in this account; expected a name",
        ),
        ("ScheduleExpression: rate(36 hours)", r"ScheduleExpression: rate\(36 hours\) pauses.*AlarmAfterHours: 37"),
        (
            "CronExpression: cron(0 1 * * ? *), ScheduleExpression: rate(1 day)",
            "ScheduleExpression: another name of CronExpression, which is given too; keep one of them",
        ),
    ],
)
def test_a_schedule_that_pauses_says_how_it_is_watched(tmp_path, parameters, shown):
    """Between its runs the alarm on a missing success would be on, so a longer limit or a daily run is asked for."""
    path = tmp_path / "mine.yaml"
    lines = re.sub(r"(?:^|, )(?=[A-Z]\w+: )", "\n  ", parameters)
    path.write_text(f"region: us-east-1\nstack: a\nparameters:{lines}\n")
    if shown:
        with pytest.raises(EnvironmentFault, match=shown):
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
    handed |= {"ExporterLogGroup", "UndeliveredQueue", "AlarmTopic", "TableStreamArn", "ExporterRoleArn"}
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
