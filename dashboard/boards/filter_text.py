"""What a card asks flows in, its days and filters in words flow out."""

from dashboard.boards.questions import Asked
from dashboard.model import formats
from dashboard.model.boards.card import BoardCard
from dashboard.model.grouping.question import GroupBy
from dashboard.model.selection.filters import EARLIEST, LATEST, Days
from dashboard.model.selection.ranges import range_text
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.overview.document.chart import value_label

_MOST_VALUES = 4


def narrowing_of(model: SemanticModel, card: BoardCard, asked: Asked, *, with_days: bool = True) -> str:
    """Return `Fri 2 Jan 2026 · Channel: VOICE, (none)`; "" where nothing narrows the card.

    Days that follow the board are left out unless `with_days`: the head of the page says them.
    """
    parts = []
    own = bool(card.preset or card.start_date or card.end_date)
    if asked.days is not None and (own or with_days):
        parts.append(_days(asked.days))
    if asked.request.group is not None:
        parts += _filters(model, asked.request.group)
    parts += [f"{name}: {value}" for name, value in card.parameters.items()]
    return " · ".join(parts)


def _days(days: Days) -> str:
    if days.last == LATEST:
        return f"from {formats.day(days.first)}"
    return f"until {formats.day(days.last)}" if days.first == EARLIEST else formats.days(days)


def _filters(model: SemanticModel, group: GroupBy) -> list[str]:
    found = []
    for column, values in group.filters.picks:
        read = value_label(model, column)
        found.append(f"{_name(model, column)}: {formats.listed(map(read, values), _MOST_VALUES)}")
    found += [f"{_name(model, column)}: {range_text(range_)}" for column, range_ in group.filters.ranges]
    return found


def _name(model: SemanticModel, column: str) -> str:
    return capitalised(model.words.label(column))
