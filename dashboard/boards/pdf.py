"""A sheet of answered cards flows in, a PDF on A4 or Letter flows out: the page's figures, with filters and as-of."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboard.boards.answers import CardAnswer
from dashboard.boards.board_answers import Answered
from dashboard.boards.drawings import fitted, fitted_sparkline
from dashboard.boards.filter_text import narrowing_of
from dashboard.boards.pictures import pictures_of
from dashboard.boards.sheet import Sheet
from dashboard.boards.sheet_text import paragraph, style_of
from dashboard.model import formats
from dashboard.model.boards.layout import Paper, rows_of, shares_of
from dashboard.results.grouped.pivot import TOTAL, Pivot
from dashboard.services.service import Service
from dashboard.themes import LIGHT

_MARGIN: Final = 34.0
"""12 mm, in points."""
_FOOT: Final = 40.0
_GAP: Final = 8.0
_PAD: Final = 8.0
_CHART: Final = 0.62
"""Height of a drawing by its width, at most."""
_MOST_DATASETS: Final = 2
"""Lines at the foot of a sheet that say how far the figures of a dataset can be trusted."""
_BEGINNING: Final = 170.0
"""Room that the head of a long table needs together with its first rows."""
_SHORT: Final = 18
"""Rows of a table that stands within its card; a longer one takes the whole width and may go on over the sheet."""
_COLUMN: Final = 58.0
"""Narrowest column of a table with texts."""
_NUMBERS: Final = 46.0
"""Narrowest column of a table with numbers alone."""
_PIXEL: Final = 0.75
"""Points to a pixel of a specification."""


def pdf_of(service: Service, sheet: Sheet, paper: Paper = "A4") -> bytes:
    """Return the PDF; raises ServiceError where the pictures of its charts cannot be made."""
    from reportlab.lib.pagesizes import A4, LETTER
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    width, height = A4 if paper == "A4" else LETTER
    inside = width - 2 * _MARGIN
    file = io.BytesIO()
    document = BaseDocTemplate(file, pagesize=(width, height), title=sheet.title, author="", creator="Reporting")
    tall = height - 2 * _MARGIN - _FOOT
    frame = Frame(_MARGIN, _MARGIN + _FOOT, inside, tall, 0, 0, 0, 0)

    def draw_foot(canvas: Any, _: Any) -> None:
        _draw_foot(canvas, sheet, inside)

    document.addPageTemplates(PageTemplate(frames=[frame], onPage=draw_foot))
    document.build(story_of(service, sheet, inside, tall - 2 * _PAD - _GAP))
    return file.getvalue()


def story_of(service: Service, sheet: Sheet, width: float, height: float = 700.0) -> list[Any]:
    """Return the parts of the document in their order, for the room of a sheet in points."""
    from reportlab.platypus import CondPageBreak, Spacer

    story: list[Any] = [
        paragraph(sheet.title, style_of(17, LIGHT.text, bold=True, after=3)),
        paragraph(sheet.facts, style_of(8.5, LIGHT.muted, after=10)),
    ]
    rows = _rows(sheet.cards)
    shares = {place: share for row in rows for place, share in row.items()}
    pictures = _pictures(sheet.cards, shares, width)
    for row in rows:
        cards = [(sheet.cards[place], pictures.get(place), share) for place, share in row.items()]
        if any(_is_long(card.answer) for card, _, _ in cards):
            story.append(CondPageBreak(_BEGINNING))
        story += [_row(service, cards, width, height), Spacer(1, _GAP)]
        # A long table follows its card's head.
        story += [part for card, _, _ in cards for part in _long_table(card, width)]
    return story


def _rows(cards: Sequence[Answered]) -> list[dict[int, float]]:
    """Return the places of the cards by row, each with its part of the row; one with a long table stands alone."""
    rows: list[list[int]] = []
    for row in rows_of([card.card for card in cards]):
        some: list[int] = []
        for place in row:
            if _is_long(cards[place].answer):
                rows += [*([some] if some else []), [place]]
                some = []
            else:
                some.append(place)
        rows += [some] if some else []
    return [dict(zip(row, shares_of([cards[place].card for place in row]), strict=True)) for row in rows]


def _pictures(cards: Sequence[Answered], shares: Mapping[int, float], width: float) -> dict[int, bytes]:
    """Return the picture of each drawing, and of the days of each figure, by the place of its card."""
    specs: dict[int, dict[str, Any]] = {}
    for place, card in enumerate(cards):
        room, answer = (shares[place] * width - 2 * _PAD) / _PIXEL, card.answer
        if answer is not None and answer.drawing is not None:
            specs[place] = fitted(answer.drawing, room, room * _CHART)
        elif answer is not None and answer.figure is not None and answer.figure.sparkline is not None:
            specs[place] = fitted_sparkline(answer.figure.sparkline, room)
    return dict(zip(specs, pictures_of(list(specs.values())), strict=True))


def _is_long(answer: CardAnswer | None) -> bool:
    return answer is not None and answer.table is not None and len(answer.table.rows) > _SHORT


def _row(service: Service, cards: Sequence[tuple[Answered, bytes | None, float]], width: float, height: float) -> Any:
    from reportlab.platypus import KeepInFrame, Table, TableStyle

    cells = []
    for card, picture, share in cards:
        room = share * width - 2 * _PAD
        # No card is cut: one that is taller than a sheet is drawn smaller.
        cells.append(KeepInFrame(room, height, _cell(service, card, picture, room), mode="shrink", hAlign="LEFT"))
    widths = [share * width for _, _, share in cards]
    boxes = [("BOX", (place, 0), (place, 0), 0.7, LIGHT.border) for place in range(len(cards))]
    pads = [(f"{side}PADDING", (0, 0), (-1, -1), _PAD) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    table = Table([cells], colWidths=widths, hAlign="LEFT")
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *boxes, *pads]))
    return table


def _cell(service: Service, card: Answered, picture: bytes | None, width: float) -> list[Any]:
    """Return what stands in a card: title, days and filters, and its figure, drawing or short table."""
    from reportlab.platypus import Image

    small = style_of(7.5, LIGHT.muted, after=4)
    found: list[Any] = [paragraph(card.card.title, style_of(10, LIGHT.text, bold=True, after=3))]
    if card.asked is not None and (said := narrowing_of(service.model(card.asked.name), card.card, card.asked)):
        found.append(paragraph(said, small))
    answer = card.answer
    if answer is None:
        return [*found, paragraph(card.reason, style_of(8.5, LIGHT.warn))]
    if answer.figure is not None:
        found.append(paragraph(answer.figure.text, style_of(20, LIGHT.text, bold=True, after=2)))
        if answer.figure.below:
            found.append(paragraph(answer.figure.below, small))
    if picture is not None:
        image = Image(io.BytesIO(picture))
        scale = width / image.imageWidth
        image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
        found.append(image)
    if answer.table is not None and not _is_long(answer):
        found.append(_table(answer.table, width))
    if answer.is_empty and not answer.notes:
        found.append(paragraph("Nothing matches: no rows on these days with these filters.", small))
    if said := " · ".join(
        note for note in (*answer.notes, *_cut_columns(answer, width + 2 * _PAD if _is_long(answer) else width)) if note
    ):
        found.append(paragraph(said, small))
    return found


def _long_table(card: Answered, width: float) -> list[Any]:
    from reportlab.platypus import Spacer

    answer = card.answer
    if answer is None or answer.table is None or not _is_long(answer):
        return []
    return [_table(answer.table, width), Spacer(1, _GAP)]


def _columns(table: Pivot, width: float) -> int:
    """Return how many columns fit next to the first."""
    has_texts = any(cell.is_text for _, cells in table.rows[:1] for cell in cells)
    return max(1, min(len(table.heads), int(width / (_COLUMN if has_texts else _NUMBERS)) - 1))


def _cut_columns(answer: CardAnswer, width: float) -> tuple[str, ...]:
    if answer.table is None or (fitting := _columns(answer.table, width)) >= len(answer.table.heads):
        return ()
    return (f"the first {fitting + 1} of {len(answer.table.heads) + 1} columns",)


def _table(table: Pivot, width: float) -> Any:
    from reportlab.platypus import Table, TableStyle

    count = _columns(table, width)
    plain, bold = style_of(7.5, LIGHT.text), style_of(7.5, LIGHT.text, bold=True)
    right, head = style_of(7.5, LIGHT.text, right=True), style_of(7.5, LIGHT.muted, bold=True)
    head_right = style_of(7.5, LIGHT.muted, bold=True, right=True)
    first = table.rows[0][1] if table.rows else ()
    are_texts = [place < len(first) and first[place].is_text for place in range(count)]
    rows = [
        [
            paragraph(table.corner, head),
            *(
                paragraph(text, head if is_text else head_right)
                for text, is_text in zip(table.heads, are_texts, strict=False)
            ),
        ]
    ]
    for label, cells in table.rows:
        shown = zip(cells, are_texts, strict=False)
        rows.append(
            [paragraph(label, plain), *(paragraph(cell.text, plain if text else right) for cell, text in shown)]
        )
    if table.foot is not None:
        rows.append([paragraph(TOTAL, bold), *(paragraph(cell.text, right) for cell in table.foot[:count])])
    made = Table(rows, colWidths=[width / (count + 1)] * (count + 1), repeatRows=1, hAlign="LEFT")
    made.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LIGHT.border),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *((f"{side}PADDING", (0, 0), (-1, -1), 2.2) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
            ]
        )
    )
    return made


def _draw_foot(canvas: Any, sheet: Sheet, width: float) -> None:
    lines = [*_foot_lines(sheet.foot), f"{sheet.title} · sheet {canvas.getPageNumber()}"]
    at = _MARGIN + _FOOT - 8
    for line in lines:
        text = paragraph(line, style_of(7, LIGHT.muted))
        _, height = text.wrap(width, _FOOT)
        at -= height
        text.drawOn(canvas, _MARGIN, at)


def _foot_lines(foot: Sequence[str]) -> list[str]:
    """Return the lines that have room at the foot of a sheet: the datasets, as many as fit, and the filters."""
    *datasets, filters = foot
    left = len(datasets) - _MOST_DATASETS
    more = [f"and {formats.plural(left, 'dataset')} more; the page has their state"] if left > 0 else []
    return [*datasets[:_MOST_DATASETS], *more, filters]
