"""A stream's ARN flows in, the state of its event source mappings in Lambda and CloudWatch flows out.

Only `doctor` asks both. Where the role may not ask, nothing is known and nothing is reported.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from exporter.clients import Clients

LOOKED_BACK = dt.timedelta(minutes=30)
"""For the age of the oldest record that waits; a mapping reports it with every batch."""


@dataclass(frozen=True)
class StreamMapping:
    """An event source mapping."""

    uuid: str
    function: str
    state: str
    """`Enabled`, `Disabled`, or on its way to one of them."""
    last_result: str
    """What Lambda says of the last batch; `PROBLEM: ...` where it could not be delivered."""
    age: dt.timedelta | None
    """Of the oldest record when it was read, the most of the last half hour; None where that is not known."""


def mappings_of(clients: Clients, stream_arn: str, now: dt.datetime) -> tuple[StreamMapping, ...]:
    """Return the mappings of a stream; none where there are none, or where the role may not list them."""
    try:
        answer = clients.lambda_.list_event_source_mappings(EventSourceArn=stream_arn)
        return tuple(_mapping(clients, found, now) for found in answer.get("EventSourceMappings", ()))
    except (ClientError, BotoCoreError):  # not allowed, or no endpoint in this network
        return ()


def _mapping(clients: Clients, found: dict[str, Any], now: dt.datetime) -> StreamMapping:
    function = str(found.get("FunctionArn", "")).split(":function:")[-1].partition(":")[0]
    return StreamMapping(
        uuid=str(found.get("UUID", "")),
        function=function,
        state=str(found.get("State", "")),
        last_result=str(found.get("LastProcessingResult", "")),
        age=_age(clients, function, now),
    )


def _age(clients: Clients, function: str, now: dt.datetime) -> dt.timedelta | None:
    try:
        points = clients.cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName="IteratorAge", Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=now - LOOKED_BACK, EndTime=now, Period=300, Statistics=["Maximum"],
        )["Datapoints"]  # fmt: skip
    except (ClientError, BotoCoreError):  # as above; the answer of Lambda is useful without the age
        return None
    age = max((point["Maximum"] for point in points), default=None)
    return None if age is None else dt.timedelta(milliseconds=age)
