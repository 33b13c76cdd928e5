"""The alarm on a run that did not happen: when it speaks and when it is silent, counted hour by hour."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.settings.templates import load_template

from .combinations import combinations, rendered
from .rendering import Rendering

HOUR = dt.timedelta(hours=1)
LONGEST_LOOK = dt.timedelta(days=7)
"""CloudWatch refuses an alarm with periods that together are longer."""

LATER = (0, 1, 5)
"""Hours further back that CloudWatch may look where data is missing: a success among them still counts.

docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html; how many it does not say.
"""

MONDAY = dt.datetime(2026, 10, 19, tzinfo=dt.UTC)
"""Winter time begins in Berlin on the Sunday after: a day of 25 hours."""


def alarm(rendering: Rendering) -> dict[str, Any]:
    alarms = rendered("alarms", ExporterHost=rendering.parameters["ExporterHost"])
    found = alarms.resources["MissedRun"]["Properties"]
    assert (found["TreatMissingData"], found["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    assert (found["Threshold"], found["Statistic"]) == (1, "Sum")
    return found


def starts(rendering: Rendering, schedule: str, zone: str, days: int = 28) -> Iterator[dt.datetime]:
    """Yield when a schedule fires, as far as `cron(minute hour ? * day *)` and `cron(minute hour * * ? *)` go."""
    expression = rendering.resources[schedule]["Properties"]["ScheduleExpression"]
    minute, hour, _, _, weekday, _ = expression.removeprefix("cron(").removesuffix(")").split()
    for day in range(days):
        local = (MONDAY + dt.timedelta(days=day)).date()
        if weekday in {"?", "*", f"{local:%a}".upper()}:
            at = dt.datetime.combine(local, dt.time(int(hour), int(minute)), ZoneInfo(zone))
            yield at.astimezone(dt.UTC)


def alarmed(alarm: dict[str, Any], successes: Iterable[dt.datetime], end: dt.datetime, later: int) -> list[dt.datetime]:
    """Return the full hours, from the first success on, at which the alarm is on."""
    hours = {moment.replace(minute=0, second=0, microsecond=0) for moment in successes}
    assert alarm["Period"] == HOUR.total_seconds()
    look = int(alarm["EvaluationPeriods"]) + later
    now, found = min(hours) + HOUR, []
    while now < end:
        if not any(now - HOUR * back in hours for back in range(1, look + 1)):
            found.append(now)
        now += HOUR
    return found


def weekly(host: str, zone: str) -> tuple[Rendering, list[dt.datetime], list[dt.datetime]]:
    """Return the template, when the weekly export starts, and when the daily one does."""
    rendering = rendered(
        "template",
        ExporterHost=host,
        DateRangeMode="PREVIOUS_WEEK",
        CronExpression="cron(0 1 ? * MON *)",
        ScheduleTimeZone=zone,
    )
    kind = {"Fargate": "Task", "Lambda": "Function"}[host]
    return (
        rendering,
        list(starts(rendering, f"{kind}Schedule", zone)),
        list(starts(rendering, f"{kind}Heartbeat", zone)),
    )


@pytest.mark.parametrize("minutes", [2, 25])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("host", ["Fargate", "Lambda"])
def test_a_weekly_export_that_runs_is_silent(host, zone, minutes):
    """Four weeks of a weekly export, one of them with a day of 25 hours: no hour without a success for long enough."""
    rendering, weeks, days = weekly(host, zone)
    assert (len(weeks), len(days)) == (4, 28)
    ends = [start + dt.timedelta(minutes=minutes) for start in (*weeks, *days)]
    assert alarmed(alarm(rendering), ends, max(ends), later=0) == []


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("host", ["Fargate", "Lambda"])
def test_a_weekly_export_that_stops_is_reported_the_next_day(host, later):
    """Nothing runs after a Wednesday: the alarm is on within 27 hours and what CloudWatch looks back further."""
    rendering, weeks, days = weekly(host, "UTC")
    last = days[2]
    shown = alarmed(alarm(rendering), [at for at in (*weeks, *days) if at <= last], last + LONGEST_LOOK, later)
    assert last < shown[0] <= last + dt.timedelta(hours=27 + later)
    assert shown == [shown[0] + HOUR * n for n in range(len(shown))]
    assert shown[0] < weeks[1], "known before the next weekly run is due"


def test_a_weekly_export_alone_could_not_be_watched():
    """Without the daily run the alarm would be on for six days of each week, and a longer look is refused."""
    rendering, weeks, _ = weekly("Fargate", "UTC")
    on = alarmed(alarm(rendering), weeks, weeks[-1] + HOUR, later=0)
    assert len(on) == 3 * (7 * 24 - 26)
    # Two weekly runs that take two hours more or less end up to 170 hours apart.
    assert 170 * HOUR > LONGEST_LOOK
    assert load_template("alarms").parameters["AlarmAfterHours"]["MaxValue"] * HOUR == LONGEST_LOOK


@pytest.mark.parametrize("later", LATER)
def test_a_daily_export_that_misses_a_night_is_reported(later):
    """A night without a success is known before the following one, and the success after it ends the alarm."""
    rendering = rendered("template", ScheduleTimeZone="UTC")
    nights = list(starts(rendering, "TaskSchedule", "UTC"))
    without = [night for night in nights if night != nights[5]]
    shown = alarmed(alarm(rendering), without, nights[-1], later)
    assert shown[0] == nights[4] + HOUR * (27 + later)
    assert shown[-1] == nights[6]
    assert alarmed(alarm(rendering), nights, nights[-1], later) == []


def test_the_daily_run_of_a_weekly_export_reads_a_day():
    """A task reads the day before; a function, which cannot take another range, reads the week."""
    for host, name in (("Fargate", "TaskHeartbeat"), ("Lambda", "FunctionHeartbeat")):
        assert name not in rendered("template", ExporterHost=host).resources
        made = rendered("template", ExporterHost=host, DateRangeMode="PREVIOUS_WEEK").resources[name]["Properties"]
        daily = [{"name": "DATE_RANGE_MODE", "value": "PREVIOUS_DAY"}]
        wanted = {"containerOverrides": [{"name": "exporter", "environment": daily}]} if host == "Fargate" else {}
        assert json.loads(made["Target"]["Input"]) == wanted


def test_two_scheduled_runs_do_not_refuse_each_other():
    """Of two runs at once one is refused: the daily one starts at an odd minute, and a task waits for the other."""
    rendering, weeks, days = weekly("Fargate", "UTC")
    assert not set(weeks) & set(days)
    assert {at.minute for at in days} == {37}
    container = rendering.resources["Task"]["Properties"]["ContainerDefinitions"][0]
    assert container["Command"] == ["export", "--json", "--wait", "30"]


def test_alarms_look_back_seven_days_at_most():
    """In no combination are an alarm's periods together longer than CloudWatch takes."""
    document = load_template("alarms").document
    for parameters in combinations("alarms"):
        rendering = Rendering(document, parameters)
        for resource in {} if rendering.broken_rules else rendering.resources.values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                made = resource["Properties"]
                assert made["Period"] * int(made["EvaluationPeriods"]) * dt.timedelta(seconds=1) <= LONGEST_LOOK
