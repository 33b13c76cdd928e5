"""The state of stacks and alarms, and the logs."""

import time
from collections.abc import Iterator
from typing import Any, get_args

from infra.clients import Clients
from infra.deployment.stacks import Stacks
from infra.settings.environment import Environment
from infra.settings.templates import TemplateName

_DEPLOYED = get_args(TemplateName)


def stack_states(stacks: Stacks, environment: Environment) -> dict[str, str]:
    """Return the status of each stack of an environment."""
    names = [environment.stack_of(name) for name in _DEPLOYED]
    return {name: stacks.status(name) or "not deployed" for name in names}


def alarm_states(clients: Clients, stacks: Stacks, environment: Environment) -> dict[str, str]:
    """Return the state of each alarm of an environment, by its name in the template."""
    names: dict[str, str] = {}
    for template in _DEPLOYED[1:]:
        stack = environment.stack_of(template)
        if stacks.status(stack) is not None:
            names |= stacks.resources(stack, "AWS::CloudWatch::Alarm")
    if not names:
        return {}
    found = clients.cloudwatch.describe_alarms(AlarmNames=list(names.values()))
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found["MetricAlarms"] + found["CompositeAlarms"]}
    return {logical: states.get(physical, "unknown") for logical, physical in names.items()}


def subscription_states(clients: Clients, stacks: Stacks, environment: Environment) -> dict[str, str]:
    """Return address -> `confirmed` or `waits for confirmation` of the alarm topic's subscriptions."""
    topic = stacks.outputs(environment.stack_of("template")).get("AlarmTopic")
    if not topic:
        return {}
    pages = clients.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = {
        one["Endpoint"]: "confirmed" if one["SubscriptionArn"].startswith("arn:") else "waits for confirmation"
        for page in pages
        for one in page["Subscriptions"]
    }
    return found or {"(no subscription)": "no person gets the alarms"}


def log_lines(
    logs: Any, group: str, since_ms: int, *, follow: bool = False, pause: float = 3.0
) -> Iterator[tuple[int, str]]:
    """Yield time (milliseconds since 1970) and text of a log group's lines, oldest first; with `follow` for ever."""
    seen: set[str] = set()
    while True:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms):
            for event in page["events"]:
                if event["eventId"] not in seen:
                    seen.add(event["eventId"])
                    since_ms = max(since_ms, event["timestamp"])
                    yield event["timestamp"], event["message"]
        if not follow:
            return
        time.sleep(pause)
