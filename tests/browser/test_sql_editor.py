"""The editor of the page SQL: typing, completions, and the place of a fault."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_editor_runs_and_shows_where_it_is_wrong(visitor: Callable[..., Any]):
    """Ctrl+Enter runs the statement; a fault is underlined where it stands, and names its line and column."""
    page = visitor().open("/sql")
    editor = page.get_by_label("SQL", exact=True)
    editor.press("Control+Enter")
    page.wait_for_selector("[class*=st-key-result_] [data-testid=stDataFrame]")
    editor.fill("SELECT channel\nFROM elsewhere")
    page.get_by_text("Line 2, column 6:").wait_for()
    page.wait_for_selector(".paint .fault")
    assert page.locator(".paint .fault").inner_text() == "elsewhere"
    editor.fill("SELECT channel FROM contacts WHERE channel >= {{channel}}")
    expect(page.locator(".paint .fault")).to_have_text("{{channel}}")


def test_the_editor_takes_no_text_before_its_script_runs(visitor: Callable[..., Any], repository: Path):
    """What is typed earlier would be replaced by the page's text, so nothing can be typed: then it can."""
    page = visitor().open("/sql")
    editor = page.get_by_label("SQL", exact=True)
    expect(editor).to_be_editable()
    expect(editor).to_have_value(re.compile("SELECT"))
    page.goto("about:blank")
    page.set_content((repository / "dashboard/components/sql_editor.html").read_text(encoding="utf-8"))
    expect(editor).to_be_visible()
    assert not editor.is_editable()


def test_the_editor_completes_columns(visitor: Callable[..., Any]):
    """Typing the beginning of a column offers the rest, and Tab takes it."""
    page = visitor().open("/sql")
    editor = page.get_by_label("SQL", exact=True)
    editor.fill("")
    editor.press_sequentially("SELECT agent_n")
    page.get_by_role("option", name="agent_name").wait_for()
    editor.press("Tab")
    assert editor.input_value() == "SELECT agent_name"


def test_completions_stay_within_a_phone(visitor: Callable[..., Any]):
    """A long column name does not hide the column's type."""
    page = visitor(width=390, height=844).open("/sql")
    editor = page.get_by_label("SQL", exact=True)
    editor.fill("")
    editor.press_sequentially("SELECT connected_to")
    box = page.get_by_role("option", name="connected_to_system_timestamp").bounding_box()
    assert box["x"] + box["width"] <= 390
