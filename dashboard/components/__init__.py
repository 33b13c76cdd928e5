"""Component names flow in, mounted Streamlit components flow out: one `.html`, `.css` and `.js` each."""

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

    Pass a mapping as `data=[mapping]`: Streamlit searches a bare mapping for data frames, which loads pandas and Arrow.
    A large one passes as bytes of JSON: Streamlit writes any other data twice, to send it and to compare it.

    `isolated=False` uses the styles of the page instead of a `.css` file.
    """
    css = _source(name, "css") if isolated else None
    return st.components.v2.component(
        name, html=_source(name, "html"), css=css, js=_source(name, "js"), isolate_styles=isolated
    )
