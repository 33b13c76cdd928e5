"""A number, a date and a seed flow in, contacts of a fictional contact centre flow out as DynamoDB items."""

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from itertools import islice

from local.sample.irregularities import Item, make_irregular

CAMPAIGN_FROM = 0.6
"""Share of the period after which contacts begin to carry `CampaignId`, which no dataset file declares."""

IRREGULAR_SHARE = 0.01

_DAY_WEIGHTS = (1.18, 1.08, 1.0, 1.02, 0.94, 0.42, 0.24)  # Monday first
_HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 6, 18, 42, 66, 78, 74, 58, 62, 72, 68, 56, 40, 26, 18, 12, 8, 4, 2)

_CHANNELS = {"VOICE": 52, "CHAT": 27, "TASK": 9, "EMAIL": 12}
_QUEUES = {
    "VOICE": {"Sales": 26, "Support": 44, "Billing": 22, "Retention": 8},
    "CHAT": {"Chat support": 70, "Chat sales": 30},
    "TASK": {"Back office": 80, "Claims": 20},
    "EMAIL": {"Email support": 75, "Complaints": 25},
}
_METHODS = {
    "VOICE": {"INBOUND": 78, "OUTBOUND": 12, "CALLBACK": 7, "API": 3},
    "CHAT": {"INBOUND": 80, "API": 20},
    "TASK": {"API": 90, "INBOUND": 10},
    "EMAIL": {"INBOUND": 88, "OUTBOUND": 12},
}
_AGENTS = {
    # name: (routing profile, load)
    "Amara Okafor": ("Voice", 17),
    "Ben Schneider": ("Voice", 15),
    "Chiara Conti": ("Voice", 13),
    "Daniel Murphy": ("Voice", 11),
    "Elif Şahin": ("Voice", 8),
    "Farid Haddad": ("Voice", 5),
    "Grace Kim": ("Digital", 16),
    "Hugo Lefèvre": ("Digital", 12),
    "Ines Carvalho": ("Digital", 9),
    "Jakub Nowak": ("Digital", 6),
    "Zoë de Vries": ("Digital", 3),
    "Kenji Tanaka": ("Back office", 9),
    "Lucía Fernández": ("Back office", 7),
    "Milan Novák": ("Back office", 2),
}
_PROFILE = {"VOICE": "Voice", "CHAT": "Digital", "EMAIL": "Digital", "TASK": "Back office"}
_SECONDS = {
    # channel: medians of waiting, interaction and after-contact work
    "VOICE": (35, 260, 45),
    "CHAT": (25, 420, 30),
    "TASK": (1800, 540, 20),
    "EMAIL": (3600, 380, 40),
}
_ABANDONED = {"VOICE": 0.06, "CHAT": 0.04, "TASK": 0.01, "EMAIL": 0.01}
_ENDED_BY = {"CUSTOMER_DISCONNECT": 62, "AGENT_DISCONNECT": 30, "TELECOM_PROBLEM": 2, "IDLE_DISCONNECT": 6}
_SENTIMENTS = {
    "POSITIVE": (38, 1.2, 4.6),
    "NEUTRAL": (40, -1.0, 1.2),
    "NEGATIVE": (14, -4.8, -1.0),
    "MIXED": (8, -2, 2),
}
_TOPICS = ("delivery", "invoice", "password", "new contract", "cancellation", "repair", "address change", "refund")
_LANGUAGES = {"en": 58, "de": 16, "fr": 12, "es": 9, "pt": 5}
_TAGS = ("vip", "callback-promised", "first-contact", "escalated", "upsell", "fraud-check", "survey-sent")


def contacts(items: int, end: dt.datetime, days: int = 60, seed: int = 7) -> Iterator[Item]:
    """Yield `items` contacts of the `days` calendar days (UTC) up to `end`, roughly in time order.

    Sixty days are the last thirty and the thirty before them, which changes are compared with. No timestamp is after
    `end`. The ids depend only on the seed and the position, so a second load replaces the first.
    """
    end = end.astimezone(dt.UTC).replace(microsecond=0)
    start = dt.datetime.combine(end.date() - dt.timedelta(days=days - 1), dt.time(), dt.UTC)
    start = min(start, end - dt.timedelta(minutes=1))
    campaign_from = start + (end - start) * CAMPAIGN_FROM
    rng, ids = random.Random(seed), random.Random(-seed - 1)
    moments = _moments(items, start, end, rng)
    for began in moments:
        # Chains of the last day might not be over yet.
        more = _transfers(rng) if end - began > dt.timedelta(days=1) else 0
        legs = 1 + len(list(islice(moments, more)))
        for contact in _chain(rng, ids, began, end, legs):
            if contact["InitiationTimestamp"]["S"] >= _text(campaign_from) and rng.random() < 0.3:
                contact["CampaignId"] = {"S": rng.choice(("autumn-offer", "winback-7", "survey-2"))}
            if rng.random() < IRREGULAR_SHARE:
                make_irregular(contact, rng)
            yield contact


def _moments(items: int, start: dt.datetime, end: dt.datetime, rng: random.Random) -> Iterator[dt.datetime]:
    """Yield `items` times between start and end, ascending, dense where the week and the day are busy."""
    hours: list[tuple[dt.datetime, float, float]] = []
    total = 0.0
    moment = start
    while moment < end:
        seconds = min(3600.0, (end - moment).total_seconds())
        # Two weeks are never exactly alike.
        weight = _DAY_WEIGHTS[moment.weekday()] * _HOUR_WEIGHTS[moment.hour] * rng.uniform(0.8, 1.2) * seconds / 3600
        total += weight
        hours.append((moment, seconds, total))
        moment += dt.timedelta(seconds=seconds)
    done = 0
    for moment, seconds, up_to in hours:
        due = items if moment is hours[-1][0] else round(items * up_to / total)
        for offset in sorted(rng.uniform(0, seconds) for _ in range(due - done)):
            yield moment + dt.timedelta(seconds=int(offset))
        done = due


def _transfers(rng: random.Random) -> int:
    return rng.choices((0, 1, 2), (94, 5, 1))[0]


def _chain(rng: random.Random, ids: random.Random, began: dt.datetime, end: dt.datetime, legs: int) -> Iterator[Item]:
    """Yield a contact and those that it was transferred to, each beginning where the one before ended."""
    channel = original = _weighted(rng, _CHANNELS)
    first = previous = None
    for number in range(1, legs + 1):
        method = _weighted(rng, _METHODS[channel]) if number == 1 else rng.choice(("TRANSFER", "QUEUE_TRANSFER"))
        # A transferred leg was answered; an unanswered leg ends its chain.
        contact, began = _contact(rng, channel, method, began, end, answered=number < legs)
        contact["ContactId"] = {"S": str(uuid.UUID(int=ids.getrandbits(128), version=4))}
        contact["OriginalContactChannel"] = {"S": original}
        if number < legs:
            contact["DisconnectReason"] = {"S": "TRANSFERRED"}
            contact["Transfers"] = {"N": str(legs - number)}
        if first and previous:
            contact["InitialContactId"] = first
            contact["PreviousContactId"] = previous
        previous = contact["ContactId"]
        first = first or previous
        yield contact
        if channel == "CHAT" and rng.random() < 0.3:
            channel = "VOICE"  # "may I call you about this?"


def _contact(
    rng: random.Random, channel: str, method: str, began: dt.datetime, end: dt.datetime, *, answered: bool
) -> tuple[Item, dt.datetime]:
    """Return one contact and the time it ended."""
    answered = answered or rng.random() >= _ABANDONED[channel]
    agent = _agent(rng, channel) if answered else None
    waited, talked, worked = (max(1, round(rng.lognormvariate(0, 0.7) * median)) for median in _SECONDS[channel])
    holds = rng.choices((0, 1, 2, 3), (78, 15, 5, 2))[0] if answered and channel == "VOICE" else 0
    held = sum(max(5, round(rng.lognormvariate(0, 0.5) * 40)) for _ in range(holds))
    if not answered:
        talked = held = worked = 0
    # A contact is recorded when it is over: one that would still be going on began earlier instead.
    reach = dt.timedelta(seconds=2 + waited + talked + held + worked + 3)
    began = min(began, end - reach)
    queued = began + dt.timedelta(seconds=2)
    connected = queued + dt.timedelta(seconds=waited)
    ended = connected + dt.timedelta(seconds=talked + held)
    contact = _identity(rng, channel, method)
    contact |= {
        "InitiationTimestamp": {"S": _text(began)},
        "ConnectedToSystemTimestamp": {"S": _text(began + dt.timedelta(seconds=1))},
        "EnqueueTimestamp": {"S": _text(queued)},
        "DisconnectTimestamp": {"S": _text(ended)},
        "LastUpdateTimestamp": {"S": _text(ended + dt.timedelta(seconds=worked + 3))},
        "QueueDuration": {"N": str(waited)},
        "Transfers": {"N": "0"},
        "DisconnectReason": {"S": _weighted(rng, _ENDED_BY) if answered else "CUSTOMER_DISCONNECT"},
        "IsRecorded": {"BOOL": answered and channel == "VOICE" and rng.random() < 0.9},
    }
    if agent:
        contact |= {
            "AgentName": {"S": agent},
            "AgentRoutingProfile": {"S": _AGENTS[agent][0]},
            "ConnectedToAgentTimestamp": {"S": _text(connected)},
            "AgentInteractionDuration": {"N": str(talked)},
            "CustomerHoldDuration": {"N": str(held)},
            "NumberOfHolds": {"N": str(holds)},
            "AfterContactWorkDuration": {"N": str(worked)},
            "HandleDuration": {"N": str(talked + held + worked)},
            **_feeling(rng),
        }
    return contact, ended


def _identity(rng: random.Random, channel: str, method: str) -> Item:
    topic = rng.choice(_TOPICS)
    contact: Item = {
        "Channel": {"S": channel},
        "InitiationMethod": {"S": method},
        "Queue": {"S": _weighted(rng, _QUEUES[channel])},
        **_endpoints(rng, channel),
        "Attributes": {
            "M": {
                "language": {"S": _weighted(rng, _LANGUAGES)},
                "topic": {"S": topic},
                "customer": {
                    "M": {"id": {"N": str(rng.randrange(10_000, 60_000))}, "premium": {"BOOL": rng.random() < 0.15}}
                },
                "menu": {"L": [{"N": str(rng.randrange(1, 6))} for _ in range(rng.randrange(1, 4))]},
            }
        },
    }
    tags = rng.sample(_TAGS, rng.choices((0, 1, 2, 3), (45, 30, 18, 7))[0])
    if tags:
        # Writers differ: some keep a list, some a set.
        contact["Tags"] = {"SS": sorted(tags)} if rng.random() < 0.3 else {"L": [{"S": tag} for tag in tags]}
    return contact


def _endpoints(rng: random.Random, channel: str) -> Item:
    """Return fictional addresses: 555-01xx numbers and example.com are reserved for fiction."""
    if channel == "VOICE":
        return {
            "CustomerEndpoint": {"S": f"+1{rng.randrange(201, 990)}55501{rng.randrange(100):02}"},
            "SystemEndpoint": {"S": f"+18005550{rng.choice((110, 120, 130))}"},
        }
    if channel == "EMAIL":
        return {
            "CustomerEndpoint": {"S": f"customer{rng.randrange(10_000, 60_000)}@example.com"},
            "SystemEndpoint": {"S": rng.choice(("help@example.com", "orders@example.com"))},
        }
    return {"CustomerEndpoint": {"S": f"{channel.lower()}-{rng.getrandbits(48):012x}"}}


def _feeling(rng: random.Random) -> Item:
    sentiment = _weighted(rng, {name: values[0] for name, values in _SENTIMENTS.items()})
    _, low, high = _SENTIMENTS[sentiment]
    found: Item = {"Sentiment": {"S": sentiment}, "SentimentScore": {"N": f"{rng.uniform(low, high):.2f}"}}
    if rng.random() < 0.28:
        # People who were pleased or annoyed answer surveys accordingly.
        centre = {"POSITIVE": 4.6, "NEUTRAL": 3.8, "NEGATIVE": 1.8, "MIXED": 3.0}[sentiment]
        found["Satisfaction"] = {"N": str(min(5, max(1, round(rng.gauss(centre, 0.7)))))}
    return found


def _agent(rng: random.Random, channel: str) -> str:
    profile = _PROFILE[channel] if rng.random() < 0.95 else rng.choice(("Voice", "Digital"))
    return _weighted(rng, {name: load for name, (skill, load) in _AGENTS.items() if skill == profile})


def _weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _text(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
