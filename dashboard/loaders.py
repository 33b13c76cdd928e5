"""The one module where Streamlit caches: pages ask here, and get what the `Service` keeps."""

import streamlit as st

from dashboard.service import Service


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """Return the service of this process, made from the environment; raises DatasetError for wrong settings.

    Everything that changes with an export is kept inside, keyed by the manifest's version, because the JSON API needs
    the same figures without a session. `loaders.service.clear()` forgets all of it (tests do).
    """
    raise NotImplementedError


def session_id() -> str:
    """Return what identifies this browser tab's session, as the owner of its jobs."""
    raise NotImplementedError
