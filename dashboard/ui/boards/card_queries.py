"""The cards of a board flow in, their queries and answers flow out: all cards at once, each answer asked for once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from dashboard.boards.board_answers import AUTOMATIC_BYTES, Answered, finished
from dashboard.boards.questions import Asked, asked_by
from dashboard.errors import DashboardError
from dashboard.model.boards.card import BoardCard
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.ui.page import cached_service
from dataset_model.dashboard.periods import Preset

MOST_JOBS: Final = 200
"""Answers that a session remembers: those of some boards over some periods."""
PATIENCE: Final = 1.2
"""Seconds before placeholders show, so that fast answers do not flicker."""


@dataclass
class Slot:
    """A card with its query, or the reason why it has none."""

    card: BoardCard
    asked: Asked | None = None
    job: Job | None = None
    error: DashboardError | None = None
    bytes: int | None = None
    """What the query reads at most, where it waits for a click."""
    key: Hashable = field(default=None)

    @property
    def is_pending(self) -> bool:
        """Whether its answer is still to come."""
        return self.job is not None and not self.job.is_over


def slots_of(service: Service, cards: Sequence[BoardCard], preset: Preset | None) -> list[Slot]:
    """Return the cards with their queries, started where this session has not asked them of this export yet."""
    return [_slot(service, card, preset) for card in cards]


def wait(slots: Sequence[Slot], seconds: float = PATIENCE) -> bool:
    """Wait for the answers, so long in all; return whether all of them are there."""
    pending = [slot.job for slot in slots if slot.job is not None and not slot.job.is_over]
    for job in pending:
        job.wait(max(0.0, seconds - job.elapsed))
    return not any(slot.is_pending for slot in slots)


def ask(slot: Slot) -> None:
    """Run a card's query at the next drawing, whatever it reads and however it ended before."""
    _allowed().add(slot.key)
    _jobs().pop(slot.key, None)


def finished_slot(service: Service, slot: Slot) -> Answered:
    """Return a card once its query is over, or with the reason why it has none."""
    if slot.job is not None and slot.asked is not None:
        return finished(service, slot.card, slot.asked, slot.job)
    waits = "It waits on the page for a click, as it may read much." if slot.bytes is not None else ""
    return Answered(slot.card, slot.asked, reason=str(slot.error) if slot.error else waits)


def _slot(service: Service, card: BoardCard, preset: Preset | None) -> Slot:
    slot = Slot(card)
    try:
        asked = slot.asked = asked_by(service, card, preset)
        manifest, statement = service.manifest(asked.name), asked.statement
        version = (manifest.version, manifest.updated_at) if manifest else None
        slot.key = (asked.name, statement.sql, statement.parameters, statement.limit, version)
        slot.job = service.jobs.get(_jobs().get(slot.key, ""))
        if slot.job is None:
            _start(service, slot, asked)
    except DashboardError as error:
        slot.error = error
    if slot.job is not None and slot.job.is_over:
        slot.error = slot.job.error
    return slot


def _start(service: Service, slot: Slot, asked: Asked) -> None:
    bound = service.estimate(asked.name, asked.statement)
    if bound is not None and bound.bytes > AUTOMATIC_BYTES and slot.key not in _allowed():
        slot.bytes = bound.bytes
        return
    slot.job = service.start(asked.name, asked.statement, cached_service.session_id())
    jobs = _jobs()
    jobs[slot.key] = slot.job.id
    for oldest in list(jobs)[:-MOST_JOBS]:
        del jobs[oldest]


def _jobs() -> dict[Hashable, str]:
    found: dict[Hashable, str] = st.session_state.setdefault("board_jobs", {})
    return found


def _allowed() -> set[Hashable]:
    found: set[Hashable] = st.session_state.setdefault("board_allowed", set())
    return found
