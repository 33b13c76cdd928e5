"""A date flows in, a day of eleven fictional stores flows out: items of the table `SalesData` and the day's event.

A day has 11 store summaries, 20 products, 3 anomalies, 5 trends and 4 recommendations.
"""

import datetime as dt
import json
import random
from typing import Any

import boto3

from local.sample.irregularities import Item
from local.sample.load import load_in_process
from local.sample.place import Loaded, Place

TABLE, INDEX = "SalesData", "GSI1"
DAYS = 60

_STORES = (
    # id, name, region, size
    ("store_01", "Hamburg Altona", "North", 9), ("store_02", "Kiel Hafen", "North", 4),
    ("store_03", "Bremen Mitte", "North", 6), ("store_04", "Berlin Mitte", "East", 12),
    ("store_05", "Leipzig Zentrum", "East", 6), ("store_06", "Dresden Neustadt", "East", 5),
    ("store_07", "Köln Ring", "West", 10), ("store_08", "Essen Süd", "West", 5),
    ("store_09", "München Nord", "South", 11), ("store_10", "Stuttgart West", "South", 8),
    ("store_11", "Freiburg Markt", "South", 3),
)  # fmt: skip
_PRODUCTS = {
    "Bags": ("Backpack", "Tote bag", "Suitcase", "Belt bag"),
    "Shoes": ("Trail shoes", "Sandals", "Boots", "Sneakers"),
    "Coats": ("Rain coat", "Down jacket", "Fleece", "Wind jacket"),
    "Camping": ("Tent", "Sleeping bag", "Stove", "Lamp"),
    "Bikes": ("Helmet", "Bike lock", "Pannier", "Bike light"),
}
_PRICES = (89, 45, 129, 29, 119, 59, 149, 79, 99, 189, 69, 84, 249, 139, 55, 25, 75, 39, 95, 35)
_WEEKDAYS = (0.8, 0.8, 0.9, 0.95, 1.2, 1.6, 0.4)  # Monday first


def day(date: dt.date) -> tuple[list[Item], dict[str, Any]]:
    """Return a day's items and its event; the same date gives the same day."""
    rng = random.Random(date.toordinal())
    summaries = [_summary(date, *store, rng) for store in _STORES]
    items = [_item(date, summary) for summary in summaries]
    revenue = sum(summary["revenue"] for summary in summaries)
    event = {
        "date": date.isoformat(),
        "company_metrics": {"revenue": round(revenue, 2), "stores": len(summaries)},
        "product_metrics": _products(revenue, rng),
        "insights": {
            "anomalies": [_anomaly(rng) for _ in range(3)],
            "trends": [
                _trend(metric, rng) for metric in ("revenue", "transactions", "units_sold", "returns", "basket")
            ],
            "recommendations": [_recommendation(rng) for _ in range(4)],
        },
    }
    return items, event


def load(place: Place) -> Loaded:
    """Load 60 days of summaries; the events of these days are exported by the commands."""
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                    {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    today = place.now.date()
    command = ["quicksight", "export"]
    summaries: list[Item] = []
    for ago in range(DAYS, 0, -1):
        items, event = day(today - dt.timedelta(days=ago))
        summaries += items
        file = place.folder / f"sales-{event['date']}.json"
        file.write_text(json.dumps(event), encoding="utf-8")
        command += ["--event", str(file)]
    load_in_process(summaries, place.account, place.region, table=TABLE)
    return Loaded(f"{len(summaries):,} store summaries in the DynamoDB table {TABLE}", (tuple(command),))


def _summary(date: dt.date, identity: str, name: str, region: str, size: int, rng: random.Random) -> dict[str, Any]:
    receipts = round(size * 22 * _WEEKDAYS[date.weekday()] * rng.uniform(0.8, 1.2))
    revenue = round(receipts * rng.uniform(48, 76), 2)
    return {
        "store_id": identity,
        "store_name": name,
        "region": region,
        "revenue": revenue,
        "transactions": receipts,
        "units_sold": round(receipts * rng.uniform(1.3, 1.9)),
        "returns": round(revenue * rng.uniform(0.01, 0.07), 2),
    }


def _item(date: dt.date, summary: dict[str, Any]) -> Item:
    store = summary["store_id"]
    texts = {
        "PK": f"STORE#{store}",
        "SK": f"SUMMARY#{date}",
        "GSI1PK": "STORE_SUMMARY",
        "GSI1SK": f"{date}#{store}",
        "date": f"{date}",
    }
    values = {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in summary.items()}
    return {name: {"S": text} for name, text in texts.items()} | values


def _products(revenue: float, rng: random.Random) -> list[dict[str, Any]]:
    named = [(category, name) for category, names in _PRODUCTS.items() for name in names]
    weights = [rng.uniform(0.4, 1.6) * (20 - number % 7) for number in range(len(named))]
    rows = []
    for number, ((category, name), weight) in enumerate(zip(named, weights, strict=True)):
        units = max(1, round(revenue * weight / sum(weights) / _PRICES[number]))
        rows.append(
            {
                "product_id": f"p_{number + 1:03}",
                "product_name": name,
                "category": category,
                "units_sold": units,
                "revenue": round(units * _PRICES[number] * rng.uniform(0.92, 1), 2),
                "growth_percent": round(rng.gauss(1, 9), 1),
            }
        )
    return sorted(rows, key=lambda row: -row["revenue"])


def _anomaly(rng: random.Random) -> dict[str, Any]:
    metric = rng.choice(("revenue", "transactions", "returns"))
    expected = round(rng.uniform(800, 9000), 2)
    deviation = round(rng.choice((-1, 1)) * rng.uniform(18, 70), 1)
    store = rng.choice(_STORES)
    return {
        "type": "drop" if deviation < 0 else "spike",
        "severity": "high" if abs(deviation) > 50 else "medium" if abs(deviation) > 30 else "low",
        "store_id": store[0],
        "metric": metric,
        "expected": expected,
        "actual": round(expected * (1 + deviation / 100), 2),
        "deviation_percent": deviation,
        "description": f"{metric} of {store[1]} is {abs(deviation)}% {'below' if deviation < 0 else 'above'} the usual",
    }


def _trend(metric: str, rng: random.Random) -> dict[str, Any]:
    change = round(rng.gauss(0.5, 6), 1)
    direction = "flat" if abs(change) < 1 else "up" if change > 0 else "down"
    return {
        "metric": metric,
        "scope": rng.choice(("company", "North", "East", "West", "South")),
        "direction": direction,
        "change_percent": change,
        "period_days": rng.choice((7, 14, 28)),
        "description": f"{metric} went {direction} by {abs(change)}%",
    }


def _recommendation(rng: random.Random) -> dict[str, Any]:
    category, title = rng.choice(
        (
            ("stock", "Order more of the best seller"),
            ("staff", "Plan one more person for Saturday"),
            ("price", "End the discount"),
            ("display", "Move the product to the entrance"),
        )
    )
    return {
        "priority": rng.choices(("low", "medium", "high"), (3, 5, 2))[0],
        "category": category,
        "store_id": rng.choice(_STORES)[0],
        "title": title,
        "description": "Follows from the figures of the last four weeks.",
        "expected_revenue": round(rng.uniform(100, 2500), 2),
    }
