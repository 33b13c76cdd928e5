"""The drawings: Altair charts without figures, in the colours of any theme, and the files that are made of them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import altair as alt
import pytest

from dashboard.charts import build
from dashboard.charts.registry import drawing, names, specifications
from dashboard.charts.style import SERIES, themed
from dashboard.themes import THEMES

Specifications = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Specifications:
    """Every drawing. Making them takes seconds, which no process spends that only lists the tests."""
    return specifications()


@pytest.mark.parametrize("name", names())
def test_a_drawing_is_an_altair_chart_without_figures(name: str, made: Specifications):
    """Altair reads the specification back; its rows are named and come later."""
    found = made[name]
    assert alt.Chart.from_dict(found).to_dict()["$schema"].startswith("https://vega.github.io/schema/vega-lite/v6")
    rows = [row for values in found.get("datasets", {}).values() for row in values]
    assert [row for row in rows if row] == []


@pytest.mark.parametrize("name", names())
def test_a_drawing_names_no_colour(name: str, made: Specifications):
    """Every colour is a variable of the page's theme, so that another theme paints what is drawn already."""
    text = json.dumps(made[name])
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", text) == []
    assert set(re.findall(r'"(?:fill|stroke|color)": "([^"]+)"', text)) <= {
        *SERIES,
        *(f"var(--dash-{part})" for part in ("text", "muted", "border", "card")),
    }


@pytest.mark.parametrize("theme", THEMES.values(), ids=str)
def test_a_picture_without_a_page_has_the_themes_own_colours(theme, made: Specifications):
    """No variable is left for a page that is not there."""
    text = json.dumps(themed(made["columns"], theme))
    assert "var(" not in text
    assert theme.categories[0] in text
    assert theme.muted in text


def test_two_drawings_cannot_have_one_name():
    """The second would take the place of the first without a word."""
    with pytest.raises(ValueError, match="drawing bars: expected a name that no other drawing has"):
        drawing("bars")(lambda: None)


def test_files_are_made_once_and_again_after_a_change(tmp_path: Path):
    """Drawings that are out of date are noticed by what they were made from; half a file is none."""
    folder = tmp_path / "made"
    assert not build.is_current(folder)
    build.make_if_needed(folder)
    assert build.is_current(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["drawings.json", "vega.js", "vega.js.gz"]
    path = folder / "drawings.json"
    path.write_text(path.read_text(encoding="utf-8").replace(build.sources(), "0" * 16), encoding="utf-8")
    assert not build.is_current(folder)
    path.write_text("{", encoding="utf-8")
    assert not build.is_current(folder)


def test_what_cannot_be_made_is_said_with_the_way_out(tmp_path: Path):
    """A folder that cannot be one names itself, what was found, and the command."""
    (tmp_path / "file").write_text("")
    with pytest.raises(build.NotMade, match=r"in .*/file/made; found NotADirectoryError.* Run `make setup`"):
        build.make_if_needed(tmp_path / "file" / "made")


def test_asking_whether_they_are_made_loads_no_altair():
    """The first page asks; only a process of its own loads the library."""
    code = (
        "import dashboard.charts.build; dashboard.charts.build.is_current(); import sys; print('altair' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
