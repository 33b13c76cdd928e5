"""A place flows in; the table `conversations` in it flows out."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from local.sample.calls import load_table, moment
from local.sample.irregularities import Item
from local.sample.place import Loaded, Place

TABLE = "conversations"
MOST = 3_000

_INTENTS = {
    "order status": ("Where is my order?", "It left our warehouse yesterday."),
    "return": ("I want to send it back.", "I have made a label for you."),
    "opening hours": ("When are you open?", "From nine to six, Monday to Saturday."),
    "invoice": ("I need an invoice.", "Here it is as a PDF."),
    "other": ("Can somebody call me?", "I am not sure that I understood you."),
}
_CHANNELS = {"web": 5, "app": 3, "messenger": 2}
_CLIENTS = {"north-retail": ("shop", "service"), "city-bank": ("branches",)}
_UNDATED, _SILENT, _OPEN, _RATED, _HANDED_OVER = 0.004, 0.03, 0.02, 0.35, 0.15
"""Shares: without a time, without messages, not ended, rated, passed on to a person."""


def load(place: Place) -> Loaded:
    """Load the sample conversations."""
    count = min(place.items, MOST)
    return load_table(place, TABLE, "conversationId", conversations(count, place.now), count)


def conversations(count: int, now: dt.datetime, seed: int = 13) -> Iterator[Item]:
    """Yield conversations up to `now`; a few have no time, no message or no end."""
    chance = random.Random(seed)
    for number in range(count):
        at = moment(chance, now)
        client = chance.choice(list(_CLIENTS))
        messages = [] if chance.random() < _SILENT else _messages(chance, number, at)
        item: Item = {
            "conversationId": {"S": f"talk-{number:06}"},
            "client": {"S": client},
            "projectId": {"S": chance.choice(_CLIENTS[client])},
            "environment": {"S": "PROD"},
            "channel": {"S": chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]},
            "messages": {"L": messages},
        }
        if chance.random() >= _UNDATED:
            item["startedAt"] = {"S": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        if chance.random() >= _OPEN:
            item["endedAt"] = {"S": f"{at + dt.timedelta(seconds=25 * len(messages) + 5):%Y-%m-%dT%H:%M:%SZ}"}
        if messages and chance.random() < _RATED:
            rating = chance.choices((1, 2, 3, 4, 5), (8, 6, 14, 32, 40))[0]
            item["feedback"] = {"M": {"rating": {"N": str(rating)}, "text": {"S": _FEEDBACK[rating]}}}
        yield item


_FEEDBACK = {1: "No help at all.", 2: "It took too long.", 3: "It was all right.", 4: "Quick answer.", 5: "Great!"}


def _messages(chance: random.Random, number: int, at: dt.datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for turn in range(chance.randint(1, 5)):
        intent = chance.choice(list(_INTENTS))
        question, answer = _INTENTS[intent]
        sure = chance.uniform(0.2, 0.5) if intent == "other" else chance.uniform(0.55, 0.99)
        analysis = {"intent": {"S": intent}, "confidence": {"N": f"{sure:.3f}"}}
        found.append({"role": {"S": "user"}, "text": {"S": question}, "analysis": {"M": analysis}})
        is_last = turn > 0 and chance.random() < _HANDED_OVER
        found.append({"role": {"S": "agent" if is_last else "bot"}, "text": {"S": answer}})
        if is_last:
            break
    return [
        {
            "M": members
            | {
                "messageId": {"S": f"talk-{number:06}-{place}"},
                "sentAt": {"S": f"{at + dt.timedelta(seconds=25 * place):%Y-%m-%dT%H:%M:%SZ}"},
            }
        }
        for place, members in enumerate(found, 1)
    ]
