"""Boards flow to S3 and back, for those who may see them. Every write is conditional: no version is lost unseen."""

import datetime as dt
import functools
import re
import secrets
from collections.abc import Callable, Collection
from typing import Final

from pydantic import ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile, FieldFault, Forbidden, InvalidRequest, Missing
from dashboard.log import LogLines
from dashboard.model.access.requester import Requester
from dashboard.model.boards.board import MOST_CHARACTERS, Board
from dashboard.stores.boards.stored import BoardVersion, StoredBoard, board_key, boards_folder
from dashboard.stores.cache import Cache

FRESH_SECONDS: Final = 5.0
"""Seconds until a board that another process saved is listed."""
MOST_STORED: Final = 1_000_000
"""Bytes of a board with its versions; of very long ones fewer than ten versions are kept."""
MOST_OWN: Final = 100
"""Boards of one person."""

_log = LogLines("dashboard.audit")


class BoardStore:
    """The boards of people in one bucket. Safe to use from any thread."""

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        prefix: str,
        requester: Callable[[], Requester],
        sees: Callable[[Collection[str]], bool],
    ) -> None:
        """Set where boards are; `requester` returns who asks, `sees` whether they may see all of some datasets."""
        self._objects, self._bucket, self._prefix = objects, bucket, prefix
        self._requester, self._sees = requester, sees
        self._listed: Cache[tuple[tuple[str, str], ...]] = Cache(1, FRESH_SECONDS)
        self._read: Cache[StoredBoard | None] = Cache(2_000)

    def listed(self) -> tuple[StoredBoard, ...]:
        """Return the requester's boards and the shared ones that they may see, in the order of their names.

        They come without their older versions.
        """
        found = self._listed.get("boards", self._list)
        stored = (self._read.get(version, functools.partial(self._loaded, version[0])) for version in found)
        seen = [one for one in stored if one is not None and self._is_seen(one.board)]
        return tuple(sorted(seen, key=lambda one: (one.board.name.lower(), one.board.id)))

    def opened(self, board_id: str) -> StoredBoard:
        """Return a board; raise Missing for one that is not there, and for one that the requester may not see."""
        return self._found(board_id)[0]

    def made(self, board: Board) -> StoredBoard:
        """Store a board under an id of its own as the requester's; raise InvalidRequest where they have too many."""
        asks = self._require_writer()
        if sum(self._is_own(each.board) for each in self.listed()) >= MOST_OWN:
            fault = FieldFault("board", f"expected at most {MOST_OWN} boards of your own; delete one first")
            raise InvalidRequest((fault,))
        new = self._owned(board, secrets.token_hex(8), asks.person, asks.name)
        version = BoardVersion(number=1, saved_at=_now(), person=asks.person, by=asks.name, board=new)
        return self._put(StoredBoard(current=version), None, "board made")

    def saved(self, board: Board, board_id: str, version: int) -> StoredBoard:
        """Store a board as the version after `version`; raise ChangedMeanwhile where another one follows it already.

        Name, days, cards and sharing are those given; the owner stays.
        """
        found, etag = self._changeable(board_id)
        self._require_current(found, version)
        asks = self._requester()
        new = self._owned(board, board_id, found.board.owner, found.board.by)
        return self._put(found.followed_by(new, asks.person, asks.name, _now()), etag, "board saved")

    def restored(self, board_id: str, number: int, version: int) -> StoredBoard:
        """Store an older version as the newest one, which loses none; `version` is the current one."""
        found, _ = self._changeable(board_id)
        older = next((one for one in self.versions(found) if one.number == number), None)
        if older is None:
            raise Missing(f"The board “{found.board.name}” has no version {number} any more. Open its versions again.")
        return self.saved(older.board.model_copy(update={"shared": found.board.shared}), board_id, version)

    def deleted(self, board_id: str, version: int) -> None:
        """Delete a board; raise ChangedMeanwhile where it is not the version that the requester has seen."""
        found, _ = self._changeable(board_id)
        self._require_current(found, version)
        self._objects.delete(self._bucket, board_key(self._prefix, board_id))
        self._listed.clear()
        self._note("board deleted", found)

    def versions(self, stored: StoredBoard) -> tuple[BoardVersion, ...]:
        """Return the older versions that the requester may see: not those from before it was shared with them."""
        return tuple(one for one in stored.past if self._is_seen(one.board))

    def may_change(self, board: Board) -> bool:
        """Return whether the requester may change a board: it is theirs, or it is shared and they are admin."""
        return self._is_own(board) or (board.shared and self._requester().roles.has("admin"))

    def forget(self) -> None:
        """Clear the caches."""
        self._listed.clear()
        self._read.clear()

    def _is_own(self, board: Board) -> bool:
        return board.owner == self._requester().person

    def _is_seen(self, board: Board) -> bool:
        asks = self._requester()
        # A personal token may be for some datasets alone; where sign-in is off, no one is known by name.
        if self._is_own(board) and asks.person and not asks.is_limited:
            return True
        return (self._is_own(board) or board.shared) and self._sees(board.datasets)

    def _found(self, board_id: str) -> tuple[StoredBoard, str]:
        is_id = re.fullmatch(r"[a-z0-9]{1,32}", board_id) is not None
        stored, etag = self._load(board_key(self._prefix, board_id)) if is_id else (None, "")
        if stored is None or not self._is_seen(stored.board):
            raise Missing(
                "There is no such board, or it is not shared with you. Open the list of boards, or ask the person "
                "who sent you the link to share it."
            )
        return stored, etag

    def _changeable(self, board_id: str) -> tuple[StoredBoard, str]:
        self._require_writer()
        found = self._found(board_id)
        if not self.may_change(board := found[0].board):
            raise Forbidden(
                f"The board “{board.name}” belongs to {board.by or 'another person'}, who alone may change it. "
                "Duplicate it, and change your copy."
            )
        return found

    def _require_writer(self) -> Requester:
        asks = self._requester()
        if asks.roles.is_empty:
            raise Forbidden("Making and changing boards takes a role. Ask an admin for one (ROLE_MAP).")
        if asks.is_limited and not asks.roles.has_any("analyst"):
            raise Forbidden("A personal token of the scope read changes no boards. Make one of the scope sql.")
        return asks

    def _require_current(self, found: StoredBoard, version: int) -> None:
        if found.version != version:
            who = found.current.by or "another page"
            when = f"{found.current.saved_at:%Y-%m-%d %H:%M} UTC"
            raise ChangedMeanwhile(
                f"The board “{found.board.name}” was saved by {who} at {when}, after you opened it (it is at version "
                f"{found.version}, yours began from {version}). Open it again, or save yours as a copy."
            )

    def _owned(self, board: Board, board_id: str, owner: str, by: str) -> Board:
        # Without a person it cannot belong to one alone.
        shared = board.shared or not owner
        return board.model_copy(update={"id": board_id, "owner": owner, "by": by, "shared": shared})

    def _put(self, stored: StoredBoard, etag: str | None, event: str) -> StoredBoard:
        size = len(stored.board.model_dump_json())
        if size > MOST_CHARACTERS:
            expected = f"expected at most {MOST_CHARACTERS:,} characters in all; found {size:,}. Remove cards"
            raise InvalidRequest((FieldFault("board", expected),))
        while len(body := stored.model_dump_json().encode()) > MOST_STORED and stored.past:
            stored = stored.model_copy(update={"past": stored.past[:-1]})
        done = self._objects.put(self._bucket, board_key(self._prefix, stored.board.id), body, etag=etag)
        self._listed.clear()
        if not done:
            raise ChangedMeanwhile(
                f"The board “{stored.board.name}” was saved by another page at the same moment. "
                "Open it again, or save yours as a copy."
            )
        self._note(event, stored)
        return stored

    def _note(self, event: str, stored: StoredBoard) -> None:
        board, asks = stored.board, self._requester()
        _log.info(
            event, person=asks.person, token=asks.token, board=board.id, owner=board.owner, version=stored.version,
            shared=board.shared, datasets=list(board.datasets), cards=len(board.cards),
        )  # fmt: skip

    def _list(self) -> tuple[tuple[str, str], ...]:
        found = self._objects.stored(self._bucket, boards_folder(self._prefix))
        return tuple((item.key, item.etag) for item in found)

    def _loaded(self, key: str) -> StoredBoard | None:
        """Return a board without its older versions: those of all boards would fill the memory."""
        found = self._load(key)[0]
        return found and found.model_copy(update={"past": ()})

    def _load(self, key: str) -> tuple[StoredBoard | None, str]:
        version = self._objects.read_version(self._bucket, key)
        if version is None:
            return None, ""
        try:
            return StoredBoard.model_validate_json(version[0]), version[1]
        except ValidationError:
            # A board that this version cannot read must not hide the others; it is not overwritten either.
            _log.warning("a board cannot be read", object=f"s3://{self._bucket}/{key}")
            return None, version[1]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
