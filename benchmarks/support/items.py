"""Items of an imaginary contact centre, as the bytes in which DynamoDB would answer them.

An item is a function of its number alone, so that any page can be made at any time and nothing has to be kept. Items
of one partition value are numbered in the order of their sort key.
"""

import bisect
import datetime as dt
import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache

PARTITION_KEY, SORT_KEY, TABLE_KEY = "Channel", "At", "Id"
SHARES = {"VOICE": 60, "CHAT": 25, "TASK": 10, "EMAIL": 5}
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PAGE_BYTES = 1 << 20
"""What DynamoDB counts as a page: the items' own size, not that of their JSON."""
BLOCK = 1000
CACHED_BLOCKS = 220
FRESH_BLOCKS = 200
"""Later blocks of a partition value repeat these with keys of their own, which is many times faster to make."""

_AGENTS = [f"{first} {last}" for first in ("Amara", "Ben", "Chiara", "Daniel", "Elif", "Farid", "Grace", "Hugo")
           for last in ("Okafor", "Schneider", "Conti", "Murphy", "Kim")]  # fmt: skip
_QUEUES = ("Sales", "Support", "Billing", "Retention", "Claims", "Back office")
_METHODS = ("INBOUND", "INBOUND", "INBOUND", "OUTBOUND", "TRANSFER", "CALLBACK", "API")
_REASONS = ("CUSTOMER_DISCONNECT", "AGENT_DISCONNECT", "TELECOM_PROBLEM", "IDLE_DISCONNECT")
_TOPICS = ("delivery", "invoice", "password", "contract", "cancellation", "repair", "address", "refund")
_SENTIMENTS = ("POSITIVE", "NEUTRAL", "NEGATIVE", "MIXED")
_WORDS = (
    "customer", "asked", "about", "the", "order", "and", "was", "told", "that", "delivery", "takes", "two", "more",
    "days", "because", "of", "weather", "agent", "offered", "a", "refund", "voucher", "which", "was", "accepted",
    "follow", "up", "by", "mail", "confirmed", "identity", "checked", "address", "changed",
)  # fmt: skip

_SMALL = (
    '{{"Id":{{"S":"{id}"}},"Channel":{{"S":"{channel}"}},"At":{{"S":"{at}"}},"ConnectedToSystemAt":{{"S":"{connected}"}},'
    '"DisconnectedAt":{{"S":"{ended}"}},{agent}"RoutingProfile":{{"S":"{profile}"}},"Queue":{{"S":"{queue}"}},'
    '"InitiationMethod":{{"S":"{method}"}},"DisconnectReason":{{"S":"{reason}"}},"CustomerEndpoint":{{"S":"{customer}"}},"SystemEndpoint":{{"S":"{line}"}},'
    '"WaitSeconds":{{"N":"{wait}"}},"TalkSeconds":{{"N":"{talk}"}},"HoldSeconds":{{"N":"{hold}"}},'
    '"WrapSeconds":{{"N":"{wrap}"}},"Holds":{{"N":"{holds}"}},"Transfers":{{"N":"{transfers}"}},'
    '"Sentiment":{{"S":"{sentiment}"}},"Score":{{"N":"{score}"}},"Recorded":{{"BOOL":{recorded}}},'
    '"Language":{{"S":"{language}"}},{rating}"Attributes":{{"M":{{"topic":{{"S":"{topic}"}},"tier":{{"S":"{tier}"}},'
    '"verified":{{"BOOL":{verified}}}}}}},"InitialId":{{"S":"{initial}"}},'
    '"Updated":{{"S":"{updated}"}}{more}}}'
)
_LARGE = (
    ',"Transcript":{{"S":"s3://transcripts/{id}.json"}},"Recording":{{"S":"s3://recordings/{id}.wav"}},'
    '"InstanceId":{{"S":"7f1c2d3e-0000-4000-8000-aa51b7c0ffee"}},'
    '"Flow":{{"S":"flow-{flow}"}},"Device":{{"S":"{device}"}},"Interruptions":{{"N":"{interruptions}"}},'
    '"SilenceSeconds":{{"N":"{silence}"}},"Summary":{{"S":"{summary}"}}'
)


@dataclass(frozen=True)
class Source:
    """An index full of items."""

    items: int
    item_bytes: int
    """550 or 1400: about the size that DynamoDB counts for an item."""
    days: int
    messages: int | None = None
    """Instead of a contact an item is a conversation with a list of so many messages; 0: a message without a list."""

    @property
    def counted_bytes(self) -> int:
        """About the size that DynamoDB counts for an item."""
        if self.messages is None:
            return self.item_bytes
        return _KEYS_BYTES + _MESSAGE_BYTES * max(self.messages, 1)

    @property
    def page_items(self) -> int:
        """Items on a full page."""
        return PAGE_BYTES // self.counted_bytes

    def count(self, value: str) -> int:
        """Return how many items a partition value has."""
        if value not in SHARES:
            return 0
        if value == "VOICE":
            return self.items - sum(self.count(other) for other in SHARES if other != "VOICE")
        return self.items * SHARES[value] // 100

    def sort_key(self, value: str, number: int) -> str:
        """Return an item's time: ascending with its number, and distinct."""
        milliseconds = number * self.days * 86_400_000 // self.count(value)
        return _text(START + dt.timedelta(milliseconds=milliseconds))

    def position(self, value: str, text: str, *, after: bool = False) -> int:
        """Return how many items come before a sort key, or up to and with it."""
        find = bisect.bisect_right if after else bisect.bisect_left
        return find(range(self.count(value)), text, key=lambda number: self.sort_key(value, number))

    def key(self, value: str, number: int) -> dict[str, dict[str, str]]:
        """Return an item's keys, as LastEvaluatedKey has them."""
        return {
            TABLE_KEY: {"S": _identity(value, number)},
            PARTITION_KEY: {"S": value},
            SORT_KEY: {"S": self.sort_key(value, number)},
        }

    def texts(self, value: str, low: int, high: int) -> list[bytes]:
        """Return items `low` to `high` as DynamoDB JSON."""
        found: list[bytes] = []
        for block in range(low // BLOCK, (high + BLOCK - 1) // BLOCK):
            texts = _block(self, value, block % FRESH_BLOCKS)
            if block < FRESH_BLOCKS:
                found += texts[max(low - block * BLOCK, 0) : high - block * BLOCK]
                continue
            for number in range(max(low, block * BLOCK), min(high, (block + 1) * BLOCK)):
                found.append(_repeated(texts[number % BLOCK], _identity(value, number), self.sort_key(value, number)))
        return found


_KEYS_BYTES, _MESSAGE_BYTES = 80, 150


@lru_cache(maxsize=CACHED_BLOCKS)
def _block(source: Source, value: str, block: int) -> list[bytes]:
    rng = random.Random(f"{value}-{block}")
    last = min((block + 1) * BLOCK, source.count(value))
    made = _item if source.messages is None else _conversation
    return [made(source, value, number, rng) for number in range(block * BLOCK, last)]


def _conversation(source: Source, value: str, number: int, rng: random.Random) -> bytes:
    messages = [_message(rng) for _ in range(max(source.messages or 0, 1))]
    listed = '"messages":{"L":[' + ",".join(f'{{"M":{{{text}}}}}' for text in messages) + "]}"
    identity, at = _identity(value, number), source.sort_key(value, number)
    keys = f'"Id":{{"S":"{identity}"}},"Channel":{{"S":"{value}"}},"At":{{"S":"{at}"}}'
    return f"{{{keys},{listed if source.messages else messages[0]}}}".encode()


def _message(rng: random.Random) -> str:
    text = " ".join(rng.choices(_WORDS, k=18))
    numbers = f'"Seconds":{{"N":"{9 * rng.random():.3f}"}},"Tokens":{{"N":"{rng.randrange(300)}"}}'
    rated = "true" if rng.random() > 0.5 else "false"
    role = rng.choice(("user", "bot", "agent"))
    return f'"Role":{{"S":"{role}"}},"Text":{{"S":"{text}"}},{numbers},"Rated":{{"BOOL":{rated}}}'


def _item(source: Source, value: str, number: int, rng: random.Random) -> bytes:
    pick, uniform = rng.choice, rng.random
    at = dt.datetime.fromisoformat(source.sort_key(value, number))
    wait, talk, hold, wrap = (int(limit * uniform() ** 3) for limit in (900, 3600, 600, 300))
    ended = at + dt.timedelta(seconds=wait + talk + hold)
    fields = {
        "id": _identity(value, number),
        "channel": value,
        "at": _text(at),
        "connected": _text(at + dt.timedelta(seconds=wait)),
        "ended": _text(ended),
        # Some contacts were abandoned, and few customers answer the survey.
        "agent": f'"Agent":{{"S":"{pick(_AGENTS)}"}},' if uniform() > 0.05 else "",
        "rating": f'"Rating":{{"N":"{1 + int(5 * uniform())}"}},' if uniform() > 0.8 else "",
        "profile": "Voice" if value == "VOICE" else "Digital",
        "queue": pick(_QUEUES),
        "method": pick(_METHODS),
        "reason": pick(_REASONS),
        "customer": f"+4930{int(10**8 * uniform()):08}",
        "line": f"+49800555{int(20 * uniform()):02}",
        "wait": wait,
        "talk": f"{talk + uniform():.3f}",
        "hold": hold,
        "wrap": wrap,
        "holds": int(3 * uniform()),
        "transfers": int(1.2 * uniform()),
        "sentiment": pick(_SENTIMENTS),
        "score": f"{10 * uniform() - 5:.2f}",
        "recorded": "true" if uniform() > 0.3 else "false",
        "language": pick(("en", "de", "fr", "es", "pt")),
        "topic": pick(_TOPICS),
        "tier": pick(("gold", "silver", "none")),
        "verified": "true" if uniform() > 0.5 else "false",
        "updated": _text(ended + dt.timedelta(seconds=wrap)),
        "initial": _identity(value, number // 7),
        "more": "",
    }
    if source.item_bytes > 1000:
        more = {
            "id": fields["id"],
            "flow": int(12 * uniform()),
            "device": pick(("phone", "browser", "app")),
            "interruptions": int(9 * uniform()),
            "silence": f"{200 * uniform():.1f}",
            "summary": " ".join(rng.choices(_WORDS, k=96)),
        }
        fields["more"] = _LARGE.format_map(more)
    return _SMALL.format_map(fields).encode()


def _repeated(item: bytes, identity: str, at: str) -> bytes:
    # The key comes first in an item, and its texts have the same length in all of them.
    place = item.index(b'"At":{"S":"') + 11
    return b"".join((item[:12], identity.encode(), item[48:place], at.encode(), item[place + 24 :]))


def _identity(value: str, number: int) -> str:
    digits = hashlib.blake2b(f"{value}{number}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
