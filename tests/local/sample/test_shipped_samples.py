"""The sample calls, scorecards and conversations: they have what the shipped files declare."""

import datetime as dt

from dataset_model import load_dataset
from local.sample.calls import TRANSCRIPTS, calls
from local.sample.conversations import conversations
from local.sample.scorecards import scorecards

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


def carries(item: dict, steps: tuple) -> bool:
    """Return whether a path leads to a value of an item."""
    value = item.get(steps[0])
    for step in steps[1:]:
        value = (value or {}).get("M", {}).get(step)
    return value is not None


def undeclared(items: list[dict], name: str) -> list[str]:
    """Return the columns of a shipped file that no item has a value for."""
    columns = [column for column in load_dataset(name, {}).columns if column.attribute]
    return [column.name for column in columns if not any(carries(item, column.path.steps) for item in items)]


def test_calls_fill_every_column_and_most_have_a_transcript():
    """Each declared attribute occurs; some calls have one speaker, none, or no transcript; none is later than now."""
    made = list(calls(500, NOW))
    items = [item for item, _ in made]
    assert undeclared(items, "calls") == []
    heard = [transcript for _, transcript in made if transcript is not None]
    assert 460 < len(heard) < 500
    assert {found["results"]["speaker_labels"]["speakers"] for found in heard} == {0, 1, 2}
    assert max(item["callTimestampUtc"]["S"] for item in items) <= "2026-02-20T09:00:00Z"
    assert TRANSCRIPTS == "call-transcripts"
    assert made == list(calls(500, NOW))


def test_scorecards_fill_every_column_and_some_lack_a_score_or_a_time():
    """Each declared attribute occurs; missing scores and undated records show how those are treated."""
    items = list(scorecards(1_000, NOW))
    assert undeclared(items, "scorecards") == []
    assert any("urgency" not in item["scores"]["M"] for item in items)
    assert 0 < sum("datetime" not in item for item in items) < 20


def test_conversations_fill_every_column_and_some_lack_messages_an_end_or_a_time():
    """Each declared attribute of conversations and of their messages occurs."""
    items = list(conversations(1_000, NOW))
    assert undeclared(items, "conversations") == []
    listed = [each["M"] for item in items for each in item["messages"]["L"]]
    members = {column.attribute.partition("[*].")[2] for column in load_dataset("messages", {}).columns}
    assert {name.partition(".")[0] for name in members - {""}} <= {name for each in listed for name in each}
    assert 0 < sum(item["messages"]["L"] == [] for item in items) < 80
    assert 0 < sum("endedAt" not in item for item in items) < 60
    assert 0 < sum("startedAt" not in item for item in items) < 20
    assert items == list(conversations(1_000, NOW))
