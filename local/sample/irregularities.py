"""A well-formed contact flows in, an irregular one flows out: one kind per function, each seen in practice."""

import random
from collections.abc import Callable
from typing import Any

Item = dict[str, dict[str, Any]]
"""Attribute name -> DynamoDB attribute value, as the low-level API writes it."""


def make_irregular(contact: Item, rng: random.Random) -> None:
    """Change one contact in place by a kind drawn from `IRREGULARITIES`. Keys of table and index stay the same."""
    kinds = list(IRREGULARITIES)
    rng.choices(kinds, [IRREGULARITIES[kind] for kind in kinds])[0](contact, rng)


def _missing(contact: Item, rng: random.Random) -> None:
    keys = {"ContactId", "Channel", "InitiationTimestamp"}
    for name in rng.sample(sorted(contact.keys() - keys), 4):
        del contact[name]


def _duration_in_words(contact: Item, rng: random.Random) -> None:
    contact[rng.choice(("QueueDuration", "HandleDuration"))] = {"S": "n/a"}


def _number_as_text(contact: Item, rng: random.Random) -> None:
    contact["Satisfaction"] = {"S": rng.choice(("5", "4", "very good"))}


def _score_too_precise(contact: Item, rng: random.Random) -> None:
    contact["SentimentScore"] = {"N": f"{rng.uniform(-5, 5):.6f}"}


def _world_text(contact: Item, rng: random.Random) -> None:
    contact["AgentName"] = {"S": rng.choice(("王小明", "Søren Ærø", "Ольга Іваненко"))}
    family = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    comments = ("Sehr nett 👍🏽", 'sagte "später", dann\nnichts', f"{family} שלום, merci", "=1+1")
    contact["Comment"] = {"S": rng.choice(comments)}


def _long_number(contact: Item, rng: random.Random) -> None:
    contact["LedgerReference"] = {"N": str(rng.randrange(10**37, 10**38))}


def _empty_text(contact: Item, rng: random.Random) -> None:
    contact[rng.choice(("Queue", "CustomerEndpoint", "DisconnectReason"))] = {"S": ""}


def _nulls(contact: Item, rng: random.Random) -> None:
    for name in rng.sample(("Sentiment", "SentimentScore", "Satisfaction", "Queue", "Attributes"), 2):
        contact[name] = {"NULL": True}


def _odd_names(contact: Item, rng: random.Random) -> None:
    # The last two become the same column name; `year` is reserved by the partitions.
    contact[rng.choice(("Survey Comment", "crm.case.id", "crm case id"))] = {"S": f"case {rng.randrange(1000)}"}
    contact["year"] = {"N": "1999"}


def _changing_type(contact: Item, rng: random.Random) -> None:
    contact["Priority"] = rng.choice(({"N": "1"}, {"S": "high"}, {"BOOL": True}))


def _unreadable_detail(contact: Item, rng: random.Random) -> None:
    contact["ConnectedToAgentTimestamp"] = {"S": rng.choice(("unknown", "0000-00-00T00:00:00Z"))}


def _unreadable_beginning(contact: Item, rng: random.Random) -> None:
    began = contact["InitiationTimestamp"]["S"]
    contact["InitiationTimestamp"] = {
        "S": rng.choice((f"{began[:10]}T25:61:00Z", f"{began[:10]} noonish", "yesterday"))
    }


IRREGULARITIES: dict[Callable[[Item, random.Random], None], int] = {
    _missing: 18,
    _duration_in_words: 12,
    _number_as_text: 10,
    _score_too_precise: 6,
    _world_text: 14,
    _long_number: 8,
    _empty_text: 12,
    _nulls: 10,
    _odd_names: 10,
    _changing_type: 6,
    _unreadable_detail: 4,
    _unreadable_beginning: 4,
}
"""Kind -> how often, as a weight."""
