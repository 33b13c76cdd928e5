"""Derivations of conversations: numbers of messages, and the duration."""

import pytest

import exporter.derivations.conversations
from dataset_model.derivations import known_derivations

TALK = [{"role": "user"}, {"role": "bot"}, {"role": "user"}, {"role": "agent"}, {"text": "no role"}, "no map"]


def function_of(name):
    assert exporter.derivations.conversations.__name__
    return known_derivations()[f"conversation.{name}"].function


@pytest.mark.parametrize(
    ("name", "count"), [("messages", 6), ("user_messages", 2), ("bot_messages", 1), ("agent_messages", 1)]
)
def test_messages_are_counted_by_role(name, count):
    """Without a list there are none; what is no list is a fault."""
    assert function_of(name)(TALK) == count
    assert function_of(name)(None) == 0
    assert function_of(name)([]) == 0
    with pytest.raises(TypeError, match="expected a list of messages; found 'hello'"):
        function_of(name)("hello")


def test_the_duration_is_from_start_to_end():
    """In seconds, whatever the zones; without an end there is none."""
    duration = function_of("duration")
    assert duration("2026-02-16T10:00:00Z", "2026-02-16T10:02:30.5Z") == 150.5
    assert duration("2026-02-16T10:00:00", "2026-02-16T12:00:00+02:00") == 0
    assert duration("2026-02-16T10:00:00Z", None) is None
    with pytest.raises(ValueError, match="the end 2026-02-16T09:59:59Z is before the start"):
        duration("2026-02-16T10:00:00Z", "2026-02-16T09:59:59Z")
    with pytest.raises(TypeError, match="expected an ISO time; found 5"):
        duration("2026-02-16T10:00:00Z", 5)
