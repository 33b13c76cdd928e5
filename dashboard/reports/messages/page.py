"""Parts of a mail flow in, its HTML flows out: tables and inline styles, which every mail program shows."""

import html
from collections.abc import Iterable, Sequence
from typing import Final

from dashboard.themes import LIGHT

WIDTH: Final = 600
_FRAME: Final = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
FONT: Final = "font-family:Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_TEXT, _MUTED, _CARD, _PAGE, _BORDER, _LINK = (
    LIGHT.text,
    LIGHT.muted,
    LIGHT.card,
    LIGHT.page,
    LIGHT.border,
    LIGHT.link,
)
_TONES: Final = {"good": LIGHT.good, "warn": LIGHT.warn, "bad": LIGHT.bad, "plain": LIGHT.muted}


def page(title: str, body: str, foot: str) -> str:
    """Return a whole document; `body` and `foot` are HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light"></head>'
        f'<body style="margin:0;padding:0;background:{_PAGE};color:{_TEXT};{FONT};font-size:15px;line-height:1.5">'
        f"<table {_FRAME}><tr>"
        f'<td align="center" style="padding:16px 8px;background:{_PAGE}">'
        f'<table {_FRAME} style="max-width:{WIDTH}px">'
        f'<tr><td style="text-align:left">{body}</td></tr>'
        f'<tr><td style="padding:16px 8px;color:{_MUTED};font-size:12px;text-align:left">{foot}</td></tr>'
        "</table></td></tr></table></body></html>"
    )


def heading(title: str, subtitle: str) -> str:
    """Return the head of a message."""
    return (
        f'<h1 style="margin:8px 8px 0;font-size:22px;line-height:1.25;letter-spacing:-.02em">{escaped(title)}</h1>'
        f'<p style="margin:2px 8px 12px;color:{_MUTED}">{escaped(subtitle)}</p>'
    )


def lines_of(lines: Iterable[tuple[str, str]]) -> str:
    """Return lines with their tones: good, warn, bad or plain."""
    shown = (
        f'<div style="color:{_TONES.get(tone, _MUTED)};margin:0 8px 4px;font-size:13px">{escaped(text)}</div>'
        for text, tone in lines
    )
    return f'<div style="margin:0 0 12px">{"".join(shown)}</div>'


def box(inner: str) -> str:
    """Return a card around HTML."""
    return (
        f'<div style="margin:0 8px 10px"><table {_FRAME}>'
        f'<tr><td style="background:{_CARD};border:1px solid {_BORDER};border-radius:10px;padding:14px 16px">'
        f"{inner}</td></tr></table></div>"
    )


def title_of(text: str) -> str:
    """Return the title of a card or a chart."""
    return f'<div style="font-weight:600;margin:0 0 8px">{escaped(text)}</div>'


def figure_cell(label: str, figure: str, below: str, news: str) -> str:
    """Return a stat card for `two_columns`."""
    colour = _TONES.get(news, _MUTED)
    return (
        f'<div style="color:{_MUTED};font-size:13px">{escaped(label)}</div>'
        f'<div style="font-size:24px;line-height:1.3;font-weight:650">{escaped(figure)}</div>'
        f'<div style="font-size:12px;color:{colour}">{escaped(below) or "&nbsp;"}</div>'
    )


def two_columns(cells: list[str]) -> str:
    """Return cards in pairs; an odd last one fills its row."""
    rows = []
    for place in range(0, len(cells), 2):
        pair = cells[place : place + 2]
        style = f"background:{_CARD};border:1px solid {_BORDER};border-radius:10px;padding:12px 14px"
        span = "" if len(pair) > 1 else ' colspan="2"'
        shown = [f'<td width="{100 // len(pair)}%" valign="top"{span} style="{style}">{cell}</td>' for cell in pair]
        rows.append(f"<tr>{''.join(shown)}</tr>")
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="8" border="0" '
        f'style="margin:0 0 4px;border-collapse:separate;table-layout:fixed">{"".join(rows)}</table>'
        if rows
        else ""
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column has names, the others figures."""
    head = "".join(
        f'<th scope="col" style="text-align:{"right" if place else "left"};color:{_MUTED};font-weight:500;'
        f'border-bottom:1px solid {_BORDER};padding:4px 0">{escaped(name)}</th>'
        for place, name in enumerate(columns)
    )
    body = "".join(
        f'<tr><td style="padding:4px 8px 4px 0;border-bottom:1px solid {_BORDER}">{escaped(name)}</td>'
        + "".join(
            f'<td style="padding:4px 0;text-align:right;border-bottom:1px solid {_BORDER}">{escaped(figure)}</td>'
            for figure in figures
        )
        + "</tr>"
        for name, *figures in rows
    )
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:13px">'
        f"<tr>{head}</tr>{body}</table>"
    )


def image(name: str, text: str, width: int) -> str:
    """Return a picture that is part of the mail."""
    return (
        f'<img src="cid:{name}" alt="{escaped(text)}" width="{width}" '
        f'style="display:block;width:100%;max-width:{width}px;height:auto;border:0">'
    )


def button(text: str, link: str) -> str:
    """Return a link that stands out."""
    return (
        f'<p style="margin:12px 8px"><a href="{escaped(link)}" style="display:inline-block;padding:8px 16px;'
        f"border:1px solid {_LINK};border-radius:8px;color:{_LINK};font-weight:600;"
        f'text-decoration:none">{escaped(text)}</a></p>'
    )


def link_of(text: str, link: str) -> str:
    """Return a plain link."""
    return f'<a href="{escaped(link)}" style="color:{_MUTED}">{escaped(text)}</a>'


def escaped(text: str) -> str:
    """Return a text as HTML, also within quotes."""
    return html.escape(text, quote=True)
