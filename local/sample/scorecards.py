"""A place flows in; the table `scorecards` in it flows out."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from local.sample.calls import load_table, moment
from local.sample.irregularities import Item
from local.sample.place import Loaded, Place

TABLE = "scorecards"
MOST = 3_000

_AGENTS = {"Amara Okafor": 8, "Ben Schneider": 7, "Chiara Conti": 7, "Daniel Murphy": 6, "Elif Şahin": 5}
"""Agent -> the score that is usual."""
_SKILLS = (
    "askForPayment",
    "confirmLocation",
    "featuresAdvantagesBenefits",
    "handleObjections",
    "sizeRecommendation",
    "urgency",
)
_SCORED = 0.85
"""Share of the skills that a call has a score for."""
_UNDATED = 0.004


def load(place: Place) -> Loaded:
    """Load the sample scorecards."""
    count = min(place.items, MOST)
    return load_table(place, TABLE, "guid", scorecards(count, place.now), count)


def scorecards(count: int, now: dt.datetime, seed: int = 11) -> Iterator[Item]:
    """Yield scorecards up to `now`; a few have no time."""
    chance = random.Random(seed)
    for number in range(count):
        at = moment(chance, now)
        agent, usual = chance.choice(list(_AGENTS.items()))
        scores: dict[str, Any] = {
            skill: _scored(min(10, max(0, usual + chance.randint(-3, 3))))
            for skill in _SKILLS
            if chance.random() < _SCORED
        }
        texts = {
            "guid": f"card-{number:06}",
            "agent": agent,
            "callType": chance.choice(("Sales", "Service", "Follow up")),
            "ingestedAt": f"{at + dt.timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}",
            "notes": "Reviewed from the recording.",
            "outcome": chance.choices(("Sold", "Not sold", "Call back"), (45, 35, 20))[0],
            "primaryIntent": chance.choice(("Buy", "Ask a price", "Change an order", "Complain")),
            "secondaryIntent": chance.choice(("None", "Delivery", "Payment")),
            "resolutionReason": chance.choice(("Agreed", "Too expensive", "Out of stock", "Thinking about it")),
            "summary": "The customer asked about a product and its delivery.",
        }
        item: Item = {name: {"S": text} for name, text in texts.items()} | {"scores": {"M": scores}}
        if scores:
            item["overallScore"] = {"N": f"{usual + chance.uniform(-2, 2):.1f}"}
        if chance.random() >= _UNDATED:
            item["datetime"] = {"S": f"{at:%Y-%m-%dT%H-%M-%S}"}
        yield item


def _scored(score: int) -> dict[str, Any]:
    return {"M": {"score": {"N": str(score)}, "evidence": {"S": "Heard in the second minute."}}}
