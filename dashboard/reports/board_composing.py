"""A report over a saved board flows in, its mail flows out: the cards as the report's requester may see them."""

import datetime as dt
from collections.abc import Iterator, Sequence

from dashboard.boards.board_answers import Answered, answered
from dashboard.boards.pdf import pdf_of
from dashboard.boards.sheet import Sheet, sheet_of
from dashboard.boards.standing import standing_of
from dashboard.model.selection.filters import EARLIEST, LATEST, PRESET_LABELS
from dashboard.reports.messages.board import board_message
from dashboard.reports.messages.links import board_link
from dashboard.reports.messages.message import Composed, File
from dashboard.reports.state_of_days import state_of_days
from dashboard.results.downloads import csv_bytes, file_name
from dashboard.results.grouped.answer import groups_alone
from dashboard.services.job import API
from dashboard.services.service import Service
from dataset_model.dashboard.notices import Report


def composed_board(service: Service, report: Report, board_id: str, now: dt.datetime, dashboard_url: str) -> Composed:
    """Return what a report over a board says.

    Raises Missing for a board that is gone, not shared, or asks a dataset that the requester may not see.
    """
    board = service.boards.opened(board_id).board
    preset = report.period or board.preset
    cards = answered(service, board, preset, API)
    if not any(card.answer for card in cards):
        reason = next((card.reason for card in cards), "it has no cards")
        return Composed("failed", f"The board “{board.name}” gave no figures: {reason}")
    sheet = sheet_of(service, board, preset, cards)
    doubts = list(dict.fromkeys(_doubts(service, cards, now)))
    period = PRESET_LABELS[preset] if preset else "All days"
    subject = " ".join(f"{report.title or board.name}: {period}".split())
    message = board_message(
        service,
        subject,
        sheet,
        doubts,
        board_link(dashboard_url, board_id, preset),
        _files(service, report, sheet, now),
    )
    return Composed("sent", subject, message)


def _doubts(service: Service, cards: Sequence[Answered], now: dt.datetime) -> Iterator[str]:
    """Yield why figures may still change: days that are not published, open or not verified."""
    for asked in (card.asked for card in cards if card.asked is not None):
        dataset = service.dataset(asked.name)
        days = asked.days
        if days is not None and days.first != EARLIEST and days.last != LATEST:
            yield from (f"{dataset.label}: {text}" for text in state_of_days(service, dataset, days, now).doubts)
        else:
            badges = standing_of(service, asked.name, [days]).badges
            yield from (f"{dataset.label}: {each.text}. {each.help}" for each in badges if each.tone == "warn")


def _files(service: Service, report: Report, sheet: Sheet, now: dt.datetime) -> list[File]:
    files = [_csv(service, card, place, now) for place, card in enumerate(sheet.cards, 1)] if report.csv else []
    found = [file for file in files if file is not None]
    if report.pdf:
        content = pdf_of(service, sheet)
        found.append(File(file_name("board", sheet.title, now, "pdf"), content, "application/pdf"))
    return found


def _csv(service: Service, card: Answered, place: int, now: dt.datetime) -> File | None:
    if card.found is None or card.asked is None:
        return None
    found, group = card.found, card.asked.request.group
    figure = card.answer.figure if card.answer else None
    table = figure.file if figure is not None else None
    if table is None and group is not None:
        # As on Explore: totals are not to be added to the groups.
        table = groups_alone(found, group, service.model(card.asked.name), card.asked.days).table
    name = file_name(card.asked.name, f"{place}-{card.card.title}", now, "csv")
    return File(name, csv_bytes(found.table if table is None else table, byte_order_mark=True))
