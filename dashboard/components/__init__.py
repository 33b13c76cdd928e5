"""Our own elements: each is a `.html`, `.css` and `.js` of one name in this folder."""

import functools
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def _source(name: str, kind: str) -> str:
    return (_FOLDER / f"{name}.{kind}").read_text(encoding="utf-8")


@functools.cache
def component(name: str, *, isolated: bool = True) -> Any:
    """Return the mount function of a component (components v2), registered with Streamlit once.

    Give it a mapping as `data=[mapping]`: Streamlit looks for data frames in a bare one, and loads pandas and Arrow to.

    One that is not isolated has the page's styles instead of a `.css` of its own.
    """
    css = _source(name, "css") if isolated else None
    return st.components.v2.component(
        name, html=_source(name, "html"), css=css, js=_source(name, "js"), isolate_styles=isolated
    )
