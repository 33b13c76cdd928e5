"""The sheet of a board flows in, its mail flows out: its cards in their order, with pictures and text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.boards.board_answers import Answered
from dashboard.boards.drawings import fitted
from dashboard.boards.filter_text import narrowing_of
from dashboard.boards.pictures import pictures_of
from dashboard.boards.sheet import Sheet
from dashboard.model import formats
from dashboard.reports.messages import page
from dashboard.reports.messages.message import File, Message, Picture
from dashboard.results.grouped.pivot import TOTAL, Pivot
from dashboard.services.service import Service

_WIDE: Final = 566
"""Of a picture: the mail's width without its frames."""
_HIGH: Final = 300
_MOST_ROWS: Final = 40
_MOST_COLUMNS: Final = 6


@dataclass(frozen=True)
class _Shown:
    """A card as the mail has it."""

    card: Answered
    narrowing: str
    picture: str = ""
    """Name of its picture; "" where it has none."""


def board_message(
    service: Service, subject: str, sheet: Sheet, warnings: Sequence[str], link: str, files: Sequence[File]
) -> Message:
    """Return the mail of a board; `warnings` say at its top why figures may still change."""
    cards, pictures = _shown(service, sheet)
    html = page.heading(sheet.title, sheet.facts)
    if warnings:
        html += page.lines_of((line, "warn") for line in warnings)
    figures: list[str] = []
    for each in cards:
        figure = each.card.answer.figure if each.card.answer else None
        if figure is not None:
            below = " · ".join(part for part in (figure.below, each.narrowing) if part)
            news = figure.change.news if figure.change else ""
            figures.append(page.figure_cell(each.card.card.title, figure.text, below, news))
            continue
        html += page.two_columns(figures) + _box(each)
        figures = []
    html += page.two_columns(figures) + page.button("Open this board", link)
    html += page.lines_of((line, "plain") for line in sheet.foot)
    foot = "\n".join(map(formats.one_line, sheet.foot))
    lines = (f"{sheet.title}: {formats.one_line(sheet.facts)}", *warnings, *map(_text, cards), foot)
    return Message(subject, lines, link, html, pictures, tuple(files))


def _shown(service: Service, sheet: Sheet) -> tuple[list[_Shown], tuple[Picture, ...]]:
    specs: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    cards = []
    for place, card in enumerate(sheet.cards):
        asked, drawing = card.asked, card.answer.drawing if card.answer else None
        narrowing = narrowing_of(service.model(asked.name), card.card, asked) if asked else ""
        name = f"card{place}" if drawing else ""
        if drawing is not None:
            specs[name] = fitted(drawing, _WIDE, _HIGH)
            texts[name] = drawing.text
        cards.append(_Shown(card, narrowing, name))
    made = zip(specs, pictures_of(list(specs.values())), strict=True)
    return cards, tuple(Picture(name, png, texts[name]) for name, png in made)


def _box(shown: _Shown) -> str:
    answer = shown.card.answer
    inner = page.title_of(shown.card.card.title)
    if shown.narrowing:
        inner += page.lines_of([(shown.narrowing, "plain")])
    if answer is None:
        return page.box(inner + page.lines_of([(shown.card.reason, "warn")]))
    if shown.picture and answer.drawing is not None:
        inner += page.image(shown.picture, answer.drawing.text, _WIDE)
    if answer.table is not None:
        inner += page.table(*_table(answer.table))
    notes = [*answer.notes, *(_cut(answer.table) if answer.table else ())]
    if answer.is_empty and not notes:
        notes = ["Nothing matches: no rows on these days with these filters."]
    return page.box(inner + (page.lines_of((note, "plain") for note in notes) if notes else ""))


def _table(table: Pivot) -> tuple[list[str], list[list[str]]]:
    heads = [table.corner, *table.heads[: _MOST_COLUMNS - 1]]
    rows = [(label, cells) for label, cells in table.rows[:_MOST_ROWS]]
    rows += [(TOTAL, table.foot)] if table.foot is not None else []
    return heads, [[label, *(cell.text for cell in cells[: _MOST_COLUMNS - 1])] for label, cells in rows]


def _cut(table: Pivot) -> list[str]:
    notes = []
    if len(table.rows) > _MOST_ROWS:
        notes.append(f"the first {_MOST_ROWS} of {len(table.rows)} rows; the others are on the board")
    if len(table.heads) >= _MOST_COLUMNS:
        notes.append(f"the first {_MOST_COLUMNS} of {len(table.heads) + 1} columns; the others are on the board")
    return notes


def _text(shown: _Shown) -> str:
    answer, head = shown.card.answer, shown.card.card.title
    head += f" ({formats.one_line(shown.narrowing)})" if shown.narrowing else ""
    if answer is None:
        return f"{head}: {shown.card.reason}"
    if answer.figure is not None:
        below = f" ({answer.figure.below})" if answer.figure.below else ""
        return f"{head}: {formats.one_line(answer.figure.exact)}{below}"
    lines = [head, *([formats.one_line(answer.drawing.text)] if answer.drawing else [])]
    if answer.table is not None:
        lines += [f"  {formats.one_line(' | '.join(row))}" for row in _table(answer.table)[1]]
    return "\n".join([*lines, *answer.notes])
