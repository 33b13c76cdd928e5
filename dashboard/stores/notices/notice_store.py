"""Alerts and reports that people made flow to S3 and back, for their owner and for admins; writes are conditional."""

import datetime as dt
import functools
import re
import secrets
from collections.abc import Callable
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile, FieldFault, Forbidden, InvalidRequest, Missing
from dashboard.log import LogLines
from dashboard.model.access.requester import Requester
from dashboard.stores.cache import Cache
from dashboard.stores.notices.journal import FOLDER
from dataset_model.dashboard.notices import Alert, Report

MOST_OWN: Final = 20
"""Alerts and reports of one person; of all together where sign-in is off."""
_FRESH_SECONDS: Final = 5.0
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
_log = LogLines("dashboard.audit")


class MadeNotice(BaseModel):
    """An alert or a report as a person made it."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    id: str = ""
    dataset: str
    notice: Alert | Report
    owner: str = ""
    """Subject of the person who made it; "" where sign-in was off."""
    by: str = ""
    """That person's name."""
    is_paused: bool = False
    version: int = 1
    saved_at: AwareDatetime = _NEVER

    @property
    def journal_id(self) -> str:
        """Names its journal."""
        return f"made-{self.id}"


class MadeNotices:
    """Those of all people, in one bucket. Safe to use from any thread."""

    def __init__(self, objects: Objects, bucket: str, prefix: str, requester: Callable[[], Requester]) -> None:
        """Set where they are: with the data of the first dataset; `requester` returns who asks."""
        self._objects, self._bucket, self._folder = objects, bucket, f"{prefix}/{FOLDER}/made/"
        self._requester = requester
        self._listed: Cache[tuple[tuple[str, str], ...]] = Cache(1, _FRESH_SECONDS)
        self._read: Cache[MadeNotice | None] = Cache(2_000)

    def every(self) -> tuple[MadeNotice, ...]:
        """Return those of all people, for the process that sends them; the oldest first."""
        found = self._listed.get("made", self._list)
        loaded = (self._read.get(version, functools.partial(self._load_one, version[0])) for version in found)
        return tuple(sorted((one for one in loaded if one), key=lambda one: (one.saved_at, one.id)))

    def listed(self) -> tuple[MadeNotice, ...]:
        """Return the requester's own; an admin gets those of all people."""
        return tuple(one for one in self.every() if self._is_seen(one))

    def opened(self, notice_id: str) -> MadeNotice:
        """Return one; raise Missing for one that is not there, and for one of another person."""
        return self._found(notice_id)[0]

    def made(self, dataset: str, notice: Alert | Report, keep: Callable[[], None] = lambda: None) -> MadeNotice:
        """Store one as the requester's; raise InvalidRequest where they have too many.

        `keep` has the sign-ins of its maker kept, before it is stored: it is sent with the rights that they give.
        """
        asks = self._writer()
        if sum(one.owner == asks.person for one in self.listed()) >= MOST_OWN:
            fault = FieldFault("notice", f"expected at most {MOST_OWN} alerts and reports; delete one first")
            raise InvalidRequest((fault,))
        keep()
        new = MadeNotice(
            id=secrets.token_hex(8), dataset=dataset, notice=notice, owner=asks.person, by=asks.name, saved_at=_now()
        )
        return self._put(new, None, "notice made")

    def changed(
        self,
        notice_id: str,
        version: int,
        keep: Callable[[], None] = lambda: None,
        *,
        notice: Alert | Report | None = None,
        is_paused: bool | None = None,
    ) -> MadeNotice:
        """Store what is given over `version`; raise ChangedMeanwhile where that is not the current one."""
        asks, (found, etag) = self._writer(), self._found(notice_id)
        self._require_current(found, version)
        if notice is not None and found.owner != asks.person:
            raise Forbidden(
                f"“{found.notice.label}” belongs to {found.by or 'another person'}. You may pause or delete it."
            )
        if found.owner == asks.person:
            keep()
        new = found.model_copy(
            update={
                "notice": notice or found.notice,
                "is_paused": found.is_paused if is_paused is None else is_paused,
                "version": version + 1,
                "saved_at": _now(),
            }
        )
        return self._put(new, etag, "notice changed")

    def deleted(self, notice_id: str, version: int) -> MadeNotice:
        """Delete one; raise ChangedMeanwhile where `version` is not the current one."""
        self._writer()
        found, _ = self._found(notice_id)
        self._require_current(found, version)
        self._objects.delete(self._bucket, self._key(notice_id))
        self._listed.clear()
        self._note("notice deleted", found)
        return found

    def _is_seen(self, made: MadeNotice) -> bool:
        asks = self._requester()
        return not asks.is_limited and (made.owner == asks.person or asks.roles.has("admin"))

    def _found(self, notice_id: str) -> tuple[MadeNotice, str]:
        is_id = re.fullmatch(r"[a-z0-9]{1,32}", notice_id) is not None
        found, etag = self._load(self._key(notice_id)) if is_id else (None, "")
        if found is None or not self._is_seen(found):
            raise Missing("There is no such alert or report of yours. Open the list again.")
        return found, etag

    def _writer(self) -> Requester:
        asks = self._requester()
        if asks.roles.is_empty:
            raise Forbidden("Alerts and reports take a role. Ask an admin for one (ROLE_MAP).")
        if asks.token:
            raise Forbidden("Alerts and reports are made in a browser, not with a token.")
        return asks

    def _require_current(self, found: MadeNotice, version: int) -> None:
        if found.version != version:
            raise ChangedMeanwhile(
                f"“{found.notice.label}” was saved at {found.saved_at:%Y-%m-%d %H:%M} UTC, after you opened it. "
                "Open the list again, and repeat your change."
            )

    def _put(self, made: MadeNotice, etag: str | None, event: str) -> MadeNotice:
        done = self._objects.put(self._bucket, self._key(made.id), made.model_dump_json().encode(), etag=etag)
        self._listed.clear()
        if not done:
            raise ChangedMeanwhile(f"“{made.notice.label}” was saved by another page at the same moment. Try again.")
        self._note(event, made)
        return made

    def _note(self, event: str, made: MadeNotice) -> None:
        notice = made.notice
        _log.info(
            event, person=self._requester().person, notice=made.journal_id, owner=made.owner, dataset=made.dataset,
            version=made.version, paused=made.is_paused, readers=list(notice.to), title=notice.label,
        )  # fmt: skip

    def _key(self, notice_id: str) -> str:
        return f"{self._folder}{notice_id}.json"

    def _list(self) -> tuple[tuple[str, str], ...]:
        return tuple((item.key, item.etag) for item in self._objects.stored(self._bucket, self._folder))

    def _load_one(self, key: str) -> MadeNotice | None:
        return self._load(key)[0]

    def _load(self, key: str) -> tuple[MadeNotice | None, str]:
        found = self._objects.read_version(self._bucket, key)
        if found is None:
            return None, ""
        try:
            return MadeNotice.model_validate_json(found[0]), found[1]
        except ValidationError:
            # One that this version cannot read must not keep the others from being sent.
            _log.warning("an alert or a report cannot be read", object=f"s3://{self._bucket}/{key}")
            return None, found[1]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
