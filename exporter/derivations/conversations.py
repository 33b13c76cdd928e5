"""A conversation's messages and times flow in, the numbers of its messages and its duration flow out."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from dataset_model.derivations import implementation


@implementation("conversation.messages")
def message_count(messages: Any) -> int:
    """Return how many messages there are; raise TypeError for what is no list."""
    return len(_listed(messages))


def _count_of(role: str) -> Callable[[Any], int]:
    def count(messages: Any) -> int:
        return sum(isinstance(each, dict) and each.get("role") == role for each in _listed(messages))

    return count


for _role in ("user", "bot", "agent"):
    implementation(f"conversation.{_role}_messages")(_count_of(_role))


@implementation("conversation.duration")
def duration(start: Any, end: Any) -> float | None:
    """Return the seconds between two times; raise ValueError or TypeError for times that make none."""
    if start is None or end is None:
        return None
    seconds = (_time(end) - _time(start)).total_seconds()
    if seconds < 0:
        raise ValueError(f"the end {end} is before the start {start}")
    return seconds


def _listed(messages: Any) -> list[Any]:
    if messages is None:
        return []
    if not isinstance(messages, list):
        raise TypeError(f"expected a list of messages; found {str(messages)[:40]!r}")
    return messages


def _time(text: Any) -> dt.datetime:
    if not isinstance(text, str):
        raise TypeError(f"expected an ISO time; found {text}")
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
