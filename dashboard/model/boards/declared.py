"""A dataset's semantic model flows in, the board that its file declares flows out: the Overview."""

from typing import Final

from dashboard.model.boards.board import MOST_CARDS, Board
from dashboard.model.boards.card import BoardCard, Shown, Width
from dashboard.model.semantic_model import SemanticModel
from dataset_model.dashboard.periods import Preset
from dataset_model.dashboard.section import Chart

_CARD_WIDTHS: Final[tuple[Width, ...]] = ("full", "half", "third", "quarter")
"""By the number of cards: fewer than four fill their row."""


def declared_board(model: SemanticModel, preset: Preset = "last_30_days") -> Board:
    """Return the Overview as a board: a card per figure and per chart, in the order of the page, over a period.

    Each card asks what the page's own query answers, as the requester of the model may see it.
    """
    width = _CARD_WIDTHS[min(len(model.cards), len(_CARD_WIDTHS)) - 1]
    numbers = [
        BoardCard(
            title=card.label or model.measure(card).label,
            show="number",
            width=width,
            dataset=model.dataset,
            measure=card.measure,
            column=card.column,
        )
        for card in model.cards
    ]
    charts = [
        BoardCard(
            title=chart.title,
            show=_shown(chart),
            width="full" if place == len(model.charts) - 1 and place % 2 == 0 else "half",
            dataset=model.dataset,
            measure=chart.measure,
            column=chart.column,
            by=(chart.by, *([chart.split] if chart.split else [])),
        )
        for place, chart in enumerate(model.charts)
    ]
    return Board(name=f"{model.title}: Overview", preset=preset, cards=(*numbers, *charts)[:MOST_CARDS])


def _shown(chart: Chart) -> Shown:
    return chart.kind
