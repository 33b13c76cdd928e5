"""What a notice has sent flows to S3 and back: a claim before each sending, its outcome after it.

Every write is conditional, so that of two processes one sends. A process that dies between sending and recording leaves
a claim that runs out; the one who takes it over says that the message may be the second.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile, StorageFailed
from dashboard.stores.saved_queries import QUERIES_FOLDER

FOLDER: Final = f"{QUERIES_FOLDER}/notices"
CLAIM_SECONDS: Final = 600
"""A sending takes less: its sockets give up after 30 s each."""
MOST_ATTEMPTS: Final = 5
MOST_UNKNOWN: Final = 2
"""Sendings of which the outcome is not known: so a message comes twice at most."""
FIRST_WAIT: Final = dt.timedelta(minutes=5)
"""Before the second attempt; each further one waits twice as long."""
_MOST_OCCASIONS: Final = 40
_ATTEMPTS: Final = 8
"""Of a conditional write."""

State = Literal["claimed", "sent", "failed", "unsubscribed"]
Outcome = Literal["sent", "not due", "calm", "quiet", "waits", "failed"]


class Delivery(BaseModel):
    """One message to one reader."""

    model_config = ConfigDict(frozen=True)

    state: State
    at: AwareDatetime
    attempts: int = 1
    unknown: int = 0
    """Earlier sendings that may or may not have arrived."""
    reason: str = ""
    by: str = ""
    """Of the process that claimed it, another one for each claim."""

    def given_up(self, now: dt.datetime) -> bool:
        """Return whether nothing is tried any more."""
        if self.state == "failed":
            return self.attempts >= MOST_ATTEMPTS
        return self.state == "claimed" and self._has_run_out(now) and self.unknown + 1 >= MOST_UNKNOWN

    def _has_run_out(self, now: dt.datetime) -> bool:
        return now >= self.at + dt.timedelta(seconds=CLAIM_SECONDS)

    def claimed_again(self, now: dt.datetime) -> "Delivery | None":
        """Return the claim that takes this one's place; None where there is nothing to do, or not yet."""
        if self.state in {"sent", "unsubscribed"} or self.given_up(now):
            return None
        if self.state == "failed":
            is_time = now >= self.at + FIRST_WAIT * 2 ** (self.attempts - 1)
            found = Delivery(state="claimed", at=now, attempts=self.attempts + 1, unknown=self.unknown)
            return found if is_time else None
        if not self._has_run_out(now):
            return None
        return Delivery(state="claimed", at=now, attempts=self.attempts + 1, unknown=self.unknown + 1)


class Look(BaseModel):
    """The last time that a notice was looked at."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    occasion: str
    published: str
    """Identifies what was published then: until the next publication nothing changes."""
    outcome: Outcome
    text: str


class Journal(BaseModel):
    """What one notice has sent, the latest occasions last."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    occasions: Mapping[str, Mapping[str, Delivery]] = Field(default_factory=dict)
    """By occasion and reader."""
    looked: Look | None = None

    def of(self, occasion: str, reader: str) -> Delivery | None:
        """Return what is known of a message."""
        return self.occasions.get(occasion, {}).get(reader)

    def with_delivery(self, occasion: str, reader: str, delivery: Delivery) -> "Journal":
        """Return the journal with the state of a message."""
        occasions = {**self.occasions, occasion: {**self.occasions.get(occasion, {}), reader: delivery}}
        kept = dict(list(occasions.items())[-_MOST_OCCASIONS:])
        return self.model_copy(update={"occasions": kept})


@dataclass(frozen=True)
class Claim:
    """The right to send one message now."""

    occasion: str
    reader: str
    delivery: Delivery

    @property
    def may_be_second(self) -> bool:
        """Whether the message may have arrived before."""
        return self.delivery.unknown > 0


class JournalStore:
    """The journal of one notice, under the prefix of its dataset. Safe to use from any thread and process."""

    def __init__(self, objects: Objects, bucket: str, prefix: str, notice: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._key = f"{prefix}/{FOLDER}/journal/{notice}.json"

    def load(self) -> Journal:
        """Return the journal; raises DashboardError where it cannot be read."""
        return self._read()[0]

    def remove(self) -> None:
        """Forget what was sent, and to whom."""
        self._objects.delete(self._bucket, self._key)

    def claim(self, occasion: str, reader: str, now: dt.datetime) -> Claim | None:
        """Take the right to send a message; None where another process has it, or it is sent, or given up."""
        own = secrets.token_hex(8)
        for _ in range(_ATTEMPTS):
            journal, etag = self._read()
            known = journal.of(occasion, reader)
            if known is not None and known.by == own:
                # The answer to the write was lost, the write was not.
                return Claim(occasion, reader, known)
            wanted = Delivery(state="claimed", at=now) if known is None else known.claimed_again(now)
            if wanted is None:
                return None
            wanted = wanted.model_copy(update={"by": own})
            if self._put(journal.with_delivery(occasion, reader, wanted), etag):
                return Claim(occasion, reader, wanted)
        raise self._busy()

    def record(self, claim: Claim, state: State, now: dt.datetime, reason: str = "") -> None:
        """Write the outcome of a claim, unless another process has taken it over meanwhile."""

        def outcome(journal: Journal) -> Journal:
            known = journal.of(claim.occasion, claim.reader)
            if known is None or known.by != claim.delivery.by or known.state != "claimed":
                return journal
            # A claim keeps its time: it runs out when it would have.
            at = claim.delivery.at if state == "claimed" else now
            written = known.model_copy(update={"state": state, "at": at, "reason": reason})
            return journal.with_delivery(claim.occasion, claim.reader, written)

        self.change(outcome)

    def leave_out(self, occasion: str, reader: str, now: dt.datetime) -> None:
        """Write that a reader has unsubscribed, so that nothing is made for them again on this occasion."""
        left = Delivery(state="unsubscribed", at=now)
        self.change(
            lambda journal: journal if journal.of(occasion, reader) else journal.with_delivery(occasion, reader, left)
        )

    def look(self, looked: Look) -> None:
        """Write what was found, for the pages and for the next run."""
        self.change(lambda journal: journal.model_copy(update={"looked": looked}))

    def change(self, changed: Callable[[Journal], Journal]) -> None:
        """Write what `changed` makes of the journal; raises DashboardError."""
        for _ in range(_ATTEMPTS):
            journal, etag = self._read()
            wanted = changed(journal)
            if wanted == journal or self._put(wanted, etag):
                return
        raise self._busy()

    def _put(self, journal: Journal, etag: str | None) -> bool:
        return self._objects.put(self._bucket, self._key, journal.model_dump_json().encode(), etag=etag)

    def _busy(self) -> ChangedMeanwhile:
        return ChangedMeanwhile(f"s3://{self._bucket}/{self._key} changes too often. Try again.")

    def _read(self) -> tuple[Journal, str | None]:
        found = self._objects.read_version(self._bucket, self._key)
        if found is None:
            return Journal(), None
        try:
            return Journal.model_validate_json(found[0]), found[1]
        except ValidationError:
            # An empty journal in its place would send everything again.
            raise StorageFailed(
                f"s3://{self._bucket}/{self._key} cannot be read by this version, so it is not known what was sent. "
                "Restore an older version of the object, or remove it: what is due is then sent once more."
            ) from None
