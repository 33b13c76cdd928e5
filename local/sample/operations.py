"""A place flows in; the operations tables in it, with current metrics of entities and insights about them, flow out."""

import datetime as dt
import random
from collections.abc import Iterator

import boto3

from local.sample.irregularities import Item
from local.sample.load import load_in_process
from local.sample.place import Loaded, Place

METRICS, INSIGHTS = "iops-dashboard-metrics", "iops-dashboard-insights"
DAYS = 60

_KINDS = {"student": ("stu", 4000), "tutor": ("tut", 800)}
_FINDINGS = {
    "churn": ("fewer sessions than in the month before", ("call the student", "offer a free session")),
    "escalation": ("two calls with a bad rating in a week", ("assign a senior agent", "review the last calls")),
    "no_show": ("two sessions were missed", ("send a reminder", "ask for another time")),
}
_MODELS = ("gradient-boost-3", "gradient-boost-4", "rules-2")


def load(place: Place) -> Loaded:
    """Load both tables; nothing in them is later than `place.now`."""
    _create_tables()
    count = max(10, min(place.items // 5, 4000))
    entities = list(_entities(count))
    load_in_process(metrics(entities, place.now), place.account, place.region, table=METRICS)
    found = list(insights(entities, place.now, count * 2))
    load_in_process(found, place.account, place.region, table=INSIGHTS)
    return Loaded(f"{len(entities):,} entities and {len(found):,} insights in the tables iops-dashboard-*")


def metrics(entities: list[tuple[str, str]], now: dt.datetime, seed: int = 11) -> Iterator[Item]:
    """Yield the current metrics of entities; most have changed in the last days."""
    rng = random.Random(seed)
    for identity, kind in entities:
        week = max(0, round(rng.gauss(4, 2)))
        calls = rng.choices((0, 1, 2, 3, 5), (50, 24, 14, 8, 4))[0]
        rating = round(min(5.0, max(1.0, rng.gauss(4.1, 0.7))), 2)
        health = min(100.0, max(0.0, 35 + 6 * week + 9 * (rating - 3) - 5 * calls + rng.gauss(12, 8)))
        numbers = {
            "health_score": round(health, 1),
            "sessions_7d": week,
            "sessions_14d": week + max(0, round(rng.gauss(4, 2))),
            "sessions_30d": week * 4 + 3,
            "ib_calls_7d": calls,
            "ib_calls_14d": calls + rng.choice((0, 0, 1, 2)),
            "avg_rating": rating,
        }
        yield {
            "entity_id": {"S": identity},
            "entity_type": {"S": kind},
            "last_updated": {"S": _text(_moment(now, rng))},
        } | {name: {"N": str(number)} for name, number in numbers.items()}


def insights(entities: list[tuple[str, str]], now: dt.datetime, count: int, seed: int = 12) -> Iterator[Item]:
    """Yield findings about entities."""
    rng = random.Random(seed)
    for number in range(count):
        identity, _ = rng.choice(entities)
        kind = rng.choices(list(_FINDINGS), (5, 2, 3))[0]
        explanation, steps = _FINDINGS[kind]
        found = _moment(now, rng)
        texts = {
            "pk": f"insight#{identity}",
            "sk": f"{_text(found)}#{number}",
            "alert_id": f"alert_{number + 1:06}",
            "entity_id": identity,
            "prediction_type": kind,
            "explanation": explanation,
            "timestamp": _text(found),
            "model_used": rng.choices(_MODELS, (4, 5, 1))[0],
        }
        yield {name: {"S": text} for name, text in texts.items()} | {
            "risk_score": {"N": str(round(min(100.0, max(0.0, rng.gauss(62, 18))), 1))},
            "recommendations": {"L": [{"S": step} for step in steps]},
            "ttl": {"N": str(int((found + dt.timedelta(days=90)).timestamp()))},
        }


def _entities(count: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        kind = "tutor" if number % 6 == 5 else "student"
        prefix, first = _KINDS[kind]
        yield f"{prefix}_{first + number}", kind


def _moment(now: dt.datetime, rng: random.Random) -> dt.datetime:
    """Return a time of the last 60 days, more often a recent one, by day rather than by night."""
    ago = dt.timedelta(days=min(rng.expovariate(1 / 16), DAYS - 1.0))
    wanted = (now - ago).replace(hour=rng.choices(range(6, 22), (*range(2, 10), *range(10, 2, -1)))[0])
    return min(wanted.replace(minute=rng.randrange(60), second=rng.randrange(60)), now)


def _text(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _create_tables() -> None:
    client = boto3.client("dynamodb")
    for table, key, indexes in (
        (
            METRICS,
            ("entity_id", "entity_type"),
            {
                "EntityTypeHealthIndex": ("entity_type", "health_score"),
                "LastUpdatedIndex": ("entity_type", "last_updated"),
            },
        ),
        (
            INSIGHTS,
            ("pk", "sk"),
            {
                "PredictionTypeIndex": ("prediction_type", "timestamp"),
                "RiskScoreIndex": ("prediction_type", "risk_score"),
            },
        ),
    ):
        names = dict.fromkeys((*key, *(name for keys in indexes.values() for name in keys)))
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": key[0], "KeyType": "HASH"},
                {"AttributeName": key[1], "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "N" if name.endswith("_score") else "S"} for name in names
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": first, "KeyType": "HASH"},
                        {"AttributeName": second, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for index, (first, second) in indexes.items()
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
