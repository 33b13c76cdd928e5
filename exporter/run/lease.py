"""One run per dataset at a time: a lease in S3 that a run takes, renews while it works and returns at its end.

The lease keeps two runs from doing the same work, and distinguishes a dead run from a running one. It is not a lock:
clocks differ and a process may be paused for minutes. A stale run cannot overwrite a newer one because every publish
requires the ETag that was seen at the start; a run that has lost its lease only stops sooner.
"""

import datetime as dt
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from exporter.errors import ExportError, Interrupted, LeaseHeld, LeaseLost, StaleRun
from exporter.storage.object_store import Store

LEASE_FILE = "_lease.json"

LEASE_SECONDS = 120
"""How long a lease lasts without renewal, and so how long a dead run keeps others waiting."""

RENEW_SECONDS = 30
"""Three renewals may fail before the lease is in danger."""

POLL_SECONDS = 5.0
_MOST_CONTESTS = 20

_log = structlog.get_logger()


class LeaseRecord(BaseModel):
    """The content of `_lease.json`."""

    model_config = ConfigDict(frozen=True)

    owner: str
    """Id of the run that holds the lease."""
    host: str
    expires_at: AwareDatetime


class Lease:
    """The lease of one dataset's prefix, for one run."""

    def __init__(
        self,
        store: Store,
        prefix: str,
        run_id: str,
        *,
        clock: Callable[[], dt.datetime],
        stop: threading.Event,
    ) -> None:
        """`stop` is set when the lease is lost, so that reading ends; once it is set, waiting ends."""
        self._store = store
        self._key = f"{prefix}/{LEASE_FILE}"
        self._run_id = run_id
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._etag = ""
        self._renewed_at = self._expires_at = clock()
        self._loss: str | None = None

    @contextmanager
    def held(self, wait_minutes: float = 0.0) -> Iterator[None]:
        """Hold the lease for the length of a block.

        Raises LeaseHeld where another run holds it and still does after `wait_minutes`, Interrupted where the run is
        stopped while it waits.
        """
        self._take(wait_minutes)
        renewer = threading.Thread(target=self._keep_renewing, name="lease", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            self._released.set()
            renewer.join(RENEW_SECONDS)  # a renewal that hangs must not keep the run from ending
            self._release()

    @property
    def loss(self) -> str | None:
        """Why this run has lost its lease; None while it has not."""
        return self._loss

    @property
    def is_lost(self) -> bool:
        """Whether another run may hold the lease by now."""
        return self._loss is not None

    def require(self) -> None:
        """Raise LeaseLost unless the lease is still this run's; renew it where that is due. Call before publishing."""
        if self._clock() >= self._renewed_at + dt.timedelta(seconds=RENEW_SECONDS):
            self.renew()
        if self._loss is not None:
            raise LeaseLost(self._loss)

    def renew(self) -> None:
        """Renew the lease, or note its loss: another run has written it, or it expired before S3 could be reached."""
        with self._lock:
            if self._loss is not None:
                return
            try:
                self._write(self._etag)
            except StaleRun:
                holder = self._holder()
                self._lose(f"run {holder.owner} on {holder.host} has taken it over" if holder else "it was removed")
            except ExportError as error:
                if self._clock() >= self._expires_at:
                    self._lose(f"it could not be renewed in time ({error})")
                else:
                    _log.warning("the lease could not be renewed; trying again", error=str(error))

    def _take(self, wait_minutes: float) -> None:
        deadline = time.monotonic() + wait_minutes * 60
        is_logged, contests = False, 0
        while not self._try_to_take():
            holder = self._holder()
            if holder is None or holder.expires_at <= self._clock():
                contests += 1  # returned, expired, or taken by a third run in this moment
                if contests > _MOST_CONTESTS:
                    raise LeaseHeld(f"the lease {self._key} cannot be taken although no run holds it; run again")
                self._stop.wait(secrets.randbelow(200) / 1000)
                continue
            if time.monotonic() >= deadline:
                raise LeaseHeld(
                    f"run {holder.owner} on {holder.host} is exporting to s3://{self._store.bucket}/"
                    f"{self._key.removesuffix(LEASE_FILE)} and holds the lease until "
                    f"{holder.expires_at:%Y-%m-%d %H:%M:%S} UTC, unless it renews it. Run again then, or wait with "
                    "--wait MINUTES."
                )
            if not is_logged:
                _log.info("waiting for the lease", holder=holder.owner, host=holder.host)
                is_logged = True
            if self._stop.wait(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.05))):
                raise Interrupted("stopped while waiting for the lease; nothing was read")

    def _try_to_take(self) -> bool:
        found = self._store.read(self._key)
        seen = None
        if found is not None:
            holder, seen = _parsed(found[0]), found[1]
            if holder is not None and holder.owner != self._run_id and holder.expires_at > self._clock():
                return False
            if holder is not None:
                _log.warning("taking over the lease of a run that has died", died=holder.owner, host=holder.host)
        try:
            self._write(seen)
        except StaleRun:
            return False
        return True

    def _write(self, seen: str | None) -> None:
        now = self._clock()
        expires_at = now + dt.timedelta(seconds=LEASE_SECONDS)
        record = LeaseRecord(owner=self._run_id, host=socket.gethostname(), expires_at=expires_at)
        self._etag = self._store.replace(self._key, record.model_dump_json().encode(), seen)
        self._renewed_at, self._expires_at = now, expires_at

    def _holder(self) -> LeaseRecord | None:
        try:
            found = self._store.read(self._key)
        except ExportError:
            return None
        return _parsed(found[0]) if found else None

    def _lose(self, reason: str) -> None:
        self._loss = f"this run has lost its lease: {reason}. It stopped before publishing anything further. Run again."
        self._stop.set()

    def _keep_renewing(self) -> None:
        while not self._released.wait(RENEW_SECONDS):
            self.renew()
            if self.is_lost:
                return

    def _release(self) -> None:
        if self.is_lost:
            return
        try:
            self._store.remove(self._key, self._etag)
        except ExportError as error:
            _log.warning("the lease could not be returned; it expires by itself", error=str(error))


def lease_holder(store: Store, prefix: str, now: dt.datetime) -> LeaseRecord | None:
    """Return the lease of a prefix if a run holds it, else None."""
    found = store.read(f"{prefix}/{LEASE_FILE}")
    holder = _parsed(found[0]) if found else None
    return holder if holder is not None and holder.expires_at > now else None


def _parsed(body: bytes) -> LeaseRecord | None:
    # An unreadable lease protects no run.
    try:
        return LeaseRecord.model_validate_json(body)
    except ValidationError:
        return None
