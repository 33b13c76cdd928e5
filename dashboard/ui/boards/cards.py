"""A board's cards flow in, the grid of their answers flows out; a placeholder stands for an answer still to come."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import streamlit as st

from dashboard.boards.answers import CardAnswer, answer_of
from dashboard.boards.filter_text import narrowing_of
from dashboard.boards.number_cards import Figure
from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.boards.card import BoardCard
from dashboard.model.boards.layout import rows_of, shares_of
from dashboard.model.query_link import search_from
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import dollars_for
from dashboard.ui.boards.card_queries import Slot, ask, slots_of, wait
from dashboard.ui.boards.figure_card import figure_html, sparkline_spec
from dashboard.ui.page.states import literal
from dashboard.ui.result.pivot_table import pivot_html
from dataset_model.dashboard.periods import Preset

_POLL: Final = 0.5
"""Seconds between looks at answers that are still to come."""
_HEIGHTS: Final = {"number": 130, "table": 240}
_CHART: Final = 300

Toolbar = Callable[[int, BoardCard], None]
"""Draws what arranges the card at a place."""


def grid(service: Service, cards: Sequence[BoardCard], preset: Preset | None, toolbar: Toolbar | None = None) -> None:
    """Draw the cards; answers that come later are drawn as they come."""
    is_whole = wait(slots_of(service, cards, preset))
    if toolbar is not None:
        # What is being arranged changes more than the cards.
        _grid(service, cards, preset, toolbar, is_whole=is_whole)
        return
    draw = st.fragment(run_every=None if is_whole else _POLL)(_grid)
    draw(service, cards, preset, None, is_whole=is_whole)


def _grid(
    service: Service, cards: Sequence[BoardCard], preset: Preset | None, toolbar: Toolbar | None, *, is_whole: bool
) -> None:
    slots = slots_of(service, cards, preset)
    if is_whole == any(slot.is_pending for slot in slots):
        # All is there, to be drawn once more without the clock; or a card was asked again, and the clock is needed.
        st.rerun()
    for row in rows_of(cards):
        columns = st.columns(shares_of([cards[place] for place in row]), gap="small")
        for place, column in zip(row, columns, strict=True):
            with column, st.container(border=True, key=f"board_card_{place}", height="stretch", gap="small"):
                _card(service, slots[place], place, toolbar)
    st.caption(_cost(slots))


def _card(service: Service, slot: Slot, place: int, toolbar: Toolbar | None) -> None:
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        gap="xsmall",
        key=f"card_head_{place}",
    ):
        st.markdown(f"**{literal(slot.card.title)}**", width="content")
        if toolbar is not None:
            toolbar(place, slot.card)
        else:
            _open_link(service, slot, place)
    if slot.asked is not None:
        narrowed = narrowing_of(service.model(slot.asked.name), slot.card, slot.asked, with_days=False)
        if narrowed:
            st.caption(f":material/filter_alt: {literal(narrowed)}")
    if slot.error is not None:
        _failed(slot, slot.error, place)
    elif slot.bytes is not None:
        _expensive(slot, slot.bytes, place)
    elif slot.job is None or slot.job.result is None or slot.asked is None:
        st.skeleton(height=_HEIGHTS.get(slot.card.show, _CHART))
    else:
        try:
            _draw(answer_of(service, slot.card, slot.asked, slot.job.result), place)
        except DashboardError as error:
            _failed(slot, error, place)


def _cost(slots: Sequence[Slot]) -> str:
    """Return what the answers have read, and how many of them were there already."""
    results = [slot.job.result for slot in slots if slot.job is not None and slot.job.result is not None]
    read = sum(found.statistics.bytes_scanned for found in results if not found.statistics.reused)
    reused = sum(found.statistics.reused for found in results)
    again = f" · {reused} from earlier results" if reused else ""
    cost = f"{formats.size(read)} scanned ({formats.dollars(dollars_for(read) if read else Decimal(0))})"
    return f"{formats.plural(len(results), 'query', 'queries')} · {cost}{again}".replace("$", r"\$")


def _draw(answer: CardAnswer, place: int) -> None:
    if answer.figure is not None:
        _figure(answer.figure, place)
    elif answer.drawing is not None:
        drawing = answer.drawing
        st.vega_lite_chart(
            spec=drawing.spec, width="stretch", theme="streamlit", key=f"board_chart_{place}", alt=drawing.text
        )
    elif answer.table is not None:
        st.html(pivot_html(answer.table, answer.measured))
    elif not answer.notes:
        st.caption("Nothing matches: no rows on these days with these filters.")
    if answer.notes:
        notes = literal(" · ".join(answer.notes))
        st.caption(notes[:1].upper() + notes[1:])


def _figure(figure: Figure, place: int) -> None:
    st.html(figure_html(figure))
    if figure.sparkline is not None:
        with st.container(key=f"board_course_{place}"):
            st.vega_lite_chart(spec=sparkline_spec(figure.sparkline), width="stretch", theme=None, alt="Per day")


def _failed(slot: Slot, error: DashboardError, place: int) -> None:
    st.caption(f":material/error: {literal(str(error))}")
    if slot.key is not None:
        st.button(
            "Try again", icon=":material/refresh:", key=f"again_{place}", type="tertiary", on_click=lambda: ask(slot)
        )


def _expensive(slot: Slot, most: int, place: int) -> None:
    price = f"{formats.size(most)}, {formats.dollars(dollars_for(most))}".replace("$", r"\$")
    st.caption(f":material/payments: Reads at most {price}, so it waits for you.")
    st.button("Run", icon=":material/play_arrow:", key=f"run_card_{place}", on_click=lambda: ask(slot))


def _open_link(service: Service, slot: Slot, place: int) -> None:
    """Draw the way to the page that asks the same; people without the role have no page for SQL."""
    asked = slot.asked
    if asked is None or (slot.card.sql and not service.permissions.visible([asked.name], "analyst")):
        return
    body = slot.card.question(asked.days)
    query, given = body.pop("query"), body.pop("parameters", None)
    page, kind = ("sql", {}) if slot.card.sql else ("explore", {"query": query})
    st.link_button(
        "Open",
        f"{page}{search_from({**kind, **body}, given)}",
        icon=":material/open_in_new:",
        type="tertiary",
        key=f"open_card_{place}",
        help=f"Opens this question on {'SQL' if slot.card.sql else 'Explore'}, in a tab of its own.",
    )
