"""A board in a browser: by its link, in every theme, on a phone, on paper and as a PDF."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from barriers import violations_by_theme
from playwright.sync_api import expect
from publishing import Published

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DATED = {"dataset": "contacts", "startDate": "2026-01-01", "endDate": "2026-01-31"}
CARDS = [
    {**DATED, "title": "Contacts of January, whatever their channel", "show": "number", "width": "quarter"},
    {**DATED, "title": "Per day", "show": "stacked", "by": ["day", "channel"], "width": "three-quarters"},
    {**DATED, "title": "Channels", "show": "doughnut", "by": ["channel"], "width": "third"},
    {**DATED, "title": "Table", "by": ["channel", "initiation_method"], "width": "two-thirds"},
    {**DATED, "title": "Rows", "query": "by_date", "limit": 30, "width": "full"},
]


@pytest.fixture(scope="module")
def link(dashboard: str) -> str:
    """The path of a board, made by a program."""
    body = json.dumps({"name": "Weekly look", "cards": CARDS}).encode()
    request = urllib.request.Request(f"{dashboard}/api/boards", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return f"/boards?board={json.load(answer)['id']}"


def opened(visitor: Callable[..., Any], link: str, **how: Any) -> Any:
    page = visitor(**how).open(link)
    page.locator(".stVegaLiteChart svg").nth(1).wait_for(timeout=60_000)
    page.locator(".dash-pivot").nth(1).wait_for(timeout=60_000)
    page.wait_for_timeout(800)
    return page


def test_a_board_is_accessible_and_fits_a_phone(visitor: Callable[..., Any], link: str, published: Published):
    """In no theme has it a serious fault; nothing is wider than the phone; its number is that of the rows."""
    page = opened(visitor, link)
    assert violations_by_theme(page) == {}
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(800)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
    inside = """() => [...document.querySelectorAll("[class*=st-key-card_head_]")].every(
        head => head.lastElementChild.getBoundingClientRect().right <= head.getBoundingClientRect().right + 1)"""
    assert page.evaluate(inside)
    january = sum(row["day"].isoformat()[:7] == "2026-01" for row in published.rows)
    expect(page.locator(".dash-figure strong").first).to_have_text(f"{january:,}")


@pytest.mark.parametrize(("paper", "width"), [("A4", 703), ("Letter", 725)])
def test_a_board_prints_whole_and_downloads_as_pdf(
    visitor: Callable[..., Any], link: str, tmp_path: Path, paper: str, width: int
):
    """On paper nothing for clicking shows, each card is uncut and holds its drawing, and as-of stands at the foot."""
    page = opened(visitor, link)
    page.get_by_role("button", name="PDF").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download PDF, {paper}").click()
    download.value.save_as(tmp_path / "board.pdf")
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF-")
    page.keyboard.press("Escape")
    foot = page.locator(".dash-print-foot")
    expect(foot).to_be_hidden()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 965})
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_role("button", name="Arrange")).to_be_hidden()
    expect(foot).to_contain_text("Weekly look")
    expect(foot).to_contain_text("As of")
    expect(foot).to_contain_text("Verified")
    cards = page.evaluate(
        """() => [...document.querySelectorAll("[class*=st-key-board_card_]")].map(card => {
            const box = card.getBoundingClientRect();
            const parts = [...card.querySelectorAll(".stVegaLiteChart svg, .dash-pivot")];
            const ends = parts.map(part => part.getBoundingClientRect());
            return [box.left, Math.max(box.left, ...ends.map(end => end.right)), box.right,
                    Math.max(box.top, ...ends.map(end => end.bottom)), box.bottom, getComputedStyle(card).breakInside];
        })"""
    )
    assert len(cards) == len(CARDS)
    for left, drawn, right, lowest, bottom, cut in cards:
        assert 0 <= left <= drawn <= right <= width
        assert lowest <= bottom
        assert cut == "avoid"
    assert page.pdf(format=paper).startswith(b"%PDF-")
