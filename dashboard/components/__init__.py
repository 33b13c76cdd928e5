"""Our own elements: each is a `.html`, `.css` and `.js` of one name in this folder."""

import functools
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


@functools.cache
def _source(name: str) -> dict[str, str]:
    return {kind: (_FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")}


def component(name: str) -> Any:
    """Return the mount function of a component (components v2), registering it with the runtime that serves us."""
    return st.components.v2.component(name, **_source(name))
