"""The stored form of a board: one object with the board as it is and its last versions, so that both change at once."""

import datetime as dt
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dashboard.model.boards.board import Board
from dashboard.stores.saved_queries import QUERIES_FOLDER

MOST_VERSIONS: Final = 10
"""Older versions that are kept."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class BoardVersion(_Part):
    """A board as a person saved it."""

    number: int
    """Counts from 1 and never falls: it says whether somebody saved meanwhile."""
    saved_at: AwareDatetime
    person: str
    """Subject of the person who saved it; "" where sign-in was off."""
    by: str
    """The person's name."""
    board: Board


class StoredBoard(_Part):
    """A board and its last versions, the newest first."""

    format: Literal[1] = 1
    current: BoardVersion
    past: tuple[BoardVersion, ...] = Field(default=(), max_length=MOST_VERSIONS)

    @property
    def board(self) -> Board:
        """The board as it is."""
        return self.current.board

    @property
    def version(self) -> int:
        """The number of the current version."""
        return self.current.number

    def followed_by(self, board: Board, person: str, by: str, now: dt.datetime) -> "StoredBoard":
        """Return what is stored once a person has saved another version."""
        following = BoardVersion(number=self.version + 1, saved_at=now, person=person, by=by, board=board)
        return StoredBoard(current=following, past=(self.current, *self.past)[:MOST_VERSIONS])


def boards_folder(prefix: str) -> str:
    """Return the prefix of the boards; they stand with the data of the first dataset, whatever datasets they ask."""
    return f"{prefix}/{QUERIES_FOLDER}/_boards/"


def board_key(prefix: str, board_id: str) -> str:
    """Return the key of a board."""
    return f"{boards_folder(prefix)}{board_id}.json"
