"""A board flows in, its answered cards flow out: all asked at once, for one person, where no page waits for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.boards.answers import CardAnswer, answer_of
from dashboard.boards.questions import Asked, asked_by
from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.boards.board import Board
from dashboard.model.boards.card import BoardCard
from dashboard.model.result import QueryResult
from dashboard.services.job import Job
from dashboard.services.service import Service
from dataset_model.dashboard.periods import Preset

AUTOMATIC_BYTES: Final = 1024**3
"""A card that may read more waits for a click, so opening a board costs at most cents."""


@dataclass(frozen=True)
class Answered:
    """A card with its answer, or the reason why it has none."""

    card: BoardCard
    asked: Asked | None = None
    answer: CardAnswer | None = None
    reason: str = ""
    found: QueryResult | None = None
    """What its query gave, for a file."""


def answered(
    service: Service, board: Board, preset: Preset | None, owner: str, begun: Callable[[Job], None] = lambda _: None
) -> tuple[Answered, ...]:
    """Return the cards of a board as the requester may see them, once all of their queries are over.

    `owner` is the page session, `API` or `SHARED`, as for any job. `begun` is called with each query at its start.
    """
    started = [_started(service, card, preset, owner, begun) for card in board.cards]
    return tuple(finish() for finish in started)


def finished(service: Service, card: BoardCard, asked: Asked, job: Job) -> Answered:
    """Return a card once its query is over."""
    try:
        found = job.outcome()
        return Answered(card, asked, answer_of(service, card, asked, found), found=found)
    except DashboardError as error:
        return Answered(card, asked, reason=str(error))


def _started(
    service: Service, card: BoardCard, preset: Preset | None, owner: str, begun: Callable[[Job], None]
) -> Callable[[], Answered]:
    """Start a card's query; return what waits for its answer."""
    asked = None
    try:
        asked = asked_by(service, card, preset)
        bound = service.estimate(asked.name, asked.statement)
        if bound is not None and bound.bytes > AUTOMATIC_BYTES:
            refused = Answered(
                card, asked, reason=f"Not asked: it may read {formats.size(bound.bytes)}. Run it itself."
            )
            return lambda: refused
        job, known = service.start(asked.name, asked.statement, owner), asked
        begun(job)
    except DashboardError as error:
        failed = Answered(card, asked, reason=str(error))
        return lambda: failed
    return lambda: finished(service, card, known, job)
