"""The board of the Overview: its menus, its keys, its print, and clicks that come faster than their answers."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawn import point_on
from playwright.sync_api import Page, expect
from publishing import Published

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JANUARY = "/?from=2026-01-01&to=2026-01-31"
PARTS = [
    *(f"Menu of the card {name}" for name in ("Total rows", "Unique contacts", "Channels", "Agents")),
    *(f"Menu of {name}" for name in ("Contacts per day", "Channels", "Agents", "Initiation methods")),
]
ENTRIES = ["Show the rows", "Show the SQL", "Download the data (CSV)", "Copy as image"]


def in_january(published: Published) -> list[dict[str, Any]]:
    return [row for row in published.rows if row["day"].isoformat().startswith("2026-01")]


def opened(visitor: Callable[..., Any], search: str = "", **options: Any) -> Page:
    page = visitor(**options).open(JANUARY + search)
    page.wait_for_selector(".board .picture")
    return page


def choose(page: Page, menu: str, entry: str) -> None:
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def wait_for_total(page: Page, total: int) -> None:
    page.wait_for_function("text => document.querySelector('.board .value')?.innerText === text", arg=f"{total:,}")


def test_every_card_and_chart_has_a_menu(visitor: Callable[..., Any]):
    """Rows, SQL, data and image of each; keys move through it, Escape gives the focus back."""
    page = opened(visitor)
    for name in PARTS:
        button = page.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        entries = page.get_by_role("menuitem").all_inner_texts()
        assert [entry for entry in entries if entry != "Filter by value"] == ENTRIES
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("menuitem", name="Copy as image")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("menu")).to_have_count(0)
        expect(button).to_be_focused()


def test_a_chart_shows_the_rows_that_it_counts(visitor: Callable[..., Any], published: Published):
    """Under its own filter a chart shows every channel, and so does its drill-down."""
    page = opened(visitor, "&channel=VOICE&from=2026-01-05&to=2026-01-05")
    rows = [row for row in published.rows if row["day"].isoformat() == "2026-01-05"]
    choose(page, "Menu of Channels", "Show the rows")
    page.get_by_role("dialog").get_by_text(f"{len(rows)} rows", exact=False).wait_for()
    page.keyboard.press("Escape")
    choose(page, "Menu of the card Total rows", "Show the rows")
    voice = sum(row["channel"] == "VOICE" for row in rows)
    page.get_by_role("dialog").get_by_text(f"{voice} rows ", exact=False).wait_for()


def test_escape_leaves_the_rows_behind_a_figure(visitor: Callable[..., Any]):
    """The grid keeps its Escape, which gives a chosen cell up; the next one closes the dialog."""
    page = opened(visitor, "&from=2026-01-05&to=2026-01-05")
    choose(page, "Menu of Channels", "Show the rows")
    dialog = page.get_by_role("dialog")
    dialog.locator(".stDataFrameGlideDataEditor").first.click(position={"x": 60, "y": 60})
    dialog.get_by_text("Copied", exact=False).wait_for()
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_card_shows_its_sql(visitor: Callable[..., Any]):
    """The statement that counted it, with its values in place."""
    page = opened(visitor, "&channel=VOICE")
    choose(page, "Menu of the card Agents", "Show the SQL")
    shown = page.get_by_role("dialog").locator("code").first
    expect(shown).to_contain_text("GROUPING SETS")
    expect(shown).to_contain_text("'VOICE'")


def test_a_charts_data_is_downloaded(visitor: Callable[..., Any], published: Published, tmp_path: Path):
    """One line per day with its exact number, in a file named after the chart."""
    page = opened(visitor)
    with page.expect_download() as started:
        choose(page, "Menu of Contacts per day", "Download the data (CSV)")
    assert started.value.suggested_filename.startswith("contacts-Contacts-per-day-")
    started.value.save_as(tmp_path / "days.csv")
    found = list(csv.DictReader(io.StringIO((tmp_path / "days.csv").read_text(encoding="utf-8-sig"), newline="")))
    assert [row["day"] for row in found] == [f"2026-01-{number:02}" for number in range(1, 32)]
    assert sum(int(row["contacts"]) for row in found) == len(in_january(published))


@pytest.mark.parametrize("name", ["Menu of the card Total rows", "Menu of Channels"])
@pytest.mark.parametrize("theme", ["Light", "Ocean"])
def test_a_part_is_copied_as_an_image(visitor: Callable[..., Any], name: str, theme: str):
    """A picture in the theme's colours is in the clipboard, at twice the size; no other server was called."""
    page = opened(visitor, theme=theme)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, name, "Copy as image")
    page.get_by_text("as an image").wait_for()
    found = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read()
            const image = await createImageBitmap(await item.getType("image/png"))
            const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d")
            context.drawImage(image, 0, 0)
            const colours = new Set()
            const { data } = context.getImageData(0, 0, image.width, image.height)
            for (let place = 0; place < data.length; place += 4) colours.add(data.slice(place, place + 3).join(","))
            const isThere = (selector, name) => {
                const colour = getComputedStyle(document.querySelector(selector))[name]
                return colours.has(colour.match(/\\d+/g).join(","))
            }
            const card = isThere(".board .card", "backgroundColor"), drawn = isThere(".board .bar_marks path", "fill")
            return { width: image.width, height: image.height, card, drawn }
        }"""
    )
    assert found["width"] > 400
    assert found["height"] > 200
    assert found["card"]
    assert found["drawn"]


def test_days_are_brushed_by_keys(visitor: Callable[..., Any], published: Published):
    """Arrow keys move over the days, Shift holds where a run begins, Enter takes it; the focus stays."""
    page = opened(visitor)
    page.locator(".board .picture .mark").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    brushed = {"2026-01-04", "2026-01-05", "2026-01-06"}
    wait_for_total(page, sum(row["day"].isoformat() in brushed for row in published.rows))
    expect(page.locator(".board .mark[data-key='2026-01-06']")).to_be_focused()
    page.get_by_role("button", name="4 \N{EN DASH} 6 Jan 2026").click()
    wait_for_total(page, len(in_january(published)))


def test_clicks_in_a_row_are_all_kept(visitor: Callable[..., Any], published: Published):
    """Three clicks before the first answer: the last choice holds completely."""
    page = opened(visitor)
    page.evaluate(
        """() => {
            for (const name of ["VOICE", "CHAT", "EMAIL"]) {
                const mark = document.querySelector(`.board .mark[data-key="${name}"]`)
                mark.dispatchEvent(new MouseEvent("click", { bubbles: true }))
            }
        }"""
    )
    wait_for_total(page, sum(row["channel"] in {"VOICE", "CHAT", "EMAIL"} for row in in_january(published)))
    expect(page.locator(".board")).to_have_attribute("aria-busy", "false")
    assert page.locator(".board .chip").count() == 3


def test_a_click_brings_one_message_with_figures(visitor: Callable[..., Any]):
    """Of some seven messages one has figures, all of them and nothing else: specifications come once."""
    watched = visitor()
    frames: list[bytes] = []
    keep = lambda frame: frames.append(frame)  # noqa: E731, PLW0108 - playwright writes on its handlers
    watched.page.on("websocket", lambda socket: socket.on("framereceived", keep))
    page = watched.open(JANUARY)
    page.wait_for_selector(".board .picture")
    for name in ("CHAT", "EMAIL"):
        expect(page.locator(".board")).to_have_attribute("aria-busy", "false")
        frames.clear()
        page.mouse.click(*point_on(page, name))
        page.get_by_role("button", name=f"channel: {name}").wait_for()
        expect(page.locator(".board")).to_have_attribute("aria-busy", "false")
        page.wait_for_timeout(300)
        (figures,) = [frame for frame in frames if b'"charts"' in frame]
        assert b"vega" not in figures
        assert len(frames) <= 10
        assert len(figures) < 40_000


def test_a_value_that_is_null_is_picked_and_cleared(visitor: Callable[..., Any], published: Published):
    """No agent at all is a value as any other, apart from an agent without a name."""
    page = opened(visitor)
    page.mouse.click(*point_on(page, "(none)"))
    wait_for_total(page, sum(row["agent_name"] is None for row in in_january(published)))
    assert page.get_by_role("button", name="agent name: (none)").is_visible()
    page.get_by_role("button", name="agent name: (none)").click()
    wait_for_total(page, len(in_january(published)))


def test_every_mark_says_what_it_stands_for(visitor: Callable[..., Any]):
    """Charts have alternative text, and each mark its value, number and share."""
    page = opened(visitor)
    names = [each.get_attribute("aria-label") for each in page.locator(".board .picture").all()]
    assert names[0].startswith("Contacts per day, 01 Jan 2026 to 31 Jan 2026: 812 in all")
    assert names[1].startswith("Channels: ")
    marks = page.get_by_role("group", name=names[0]).get_by_role("button")
    assert marks.first.get_attribute("aria-label") == "Thu 1 Jan 2026: 26"


def test_an_empty_selection_leads_back(visitor: Callable[..., Any]):
    """The latest days are one click away, and the head follows."""
    page = visitor().open("/?from=2024-01-01&to=2024-01-02")
    page.get_by_role("button", name="Show the latest days").click()
    page.wait_for_selector(".board .picture")
    expect(page.get_by_text("4 Jan \N{EN DASH} 2 Feb 2026")).to_be_visible()


@pytest.mark.parametrize("width", [703, 725], ids=["A4", "Letter"])
def test_the_overview_prints_without_the_sidebar_and_with_whole_charts(visitor: Callable[..., Any], width: int):
    """On a sheet with margins of 12 mm no sidebar and no menu shows, and each drawing is inside its uncut card."""
    page = opened(visitor)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    page.set_viewport_size({"width": width, "height": 965})
    expect(page.locator(".board .corner").first).to_be_hidden()
    parts = page.evaluate(
        """() => [...document.querySelectorAll(".board .part")].map(part => {
            const box = part.getBoundingClientRect();
            const drawn = [...part.querySelectorAll(".drawn svg")].map(svg => svg.getBoundingClientRect().right);
            return [box.left, Math.max(box.left, ...drawn), box.right, getComputedStyle(part).breakInside];
        })"""
    )
    assert len(parts) == len(PARTS)
    for left, drawn, right, cut in parts:
        assert 0 <= left <= drawn <= right <= width
        assert cut == "avoid"
    # As-of and filters stand at the foot.
    heights = (
        "() => ['.board .charts', '.board .facts'].map(part => document.querySelector(part).getBoundingClientRect())"
    )
    charts, facts = page.evaluate(heights)
    assert charts["bottom"] <= facts["top"]
    assert "As of" in page.locator(".board .facts").inner_text()
