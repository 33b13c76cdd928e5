"""The address of the first visit flows in, the query inputs of the page flow out, and back into the address."""

from collections.abc import Mapping

import streamlit as st

from dashboard.components import component
from dashboard.model.query_link import Linked, linked_from, search_from
from dashboard.services.service import Service


def linked(page: str, dataset: str) -> Linked:
    """Return the query inputs of the link that opened this page; the same for the whole visit.

    They apply to the dataset that the link showed, not to another one.
    """
    key = f"linked_{page}"
    if key not in st.session_state:
        asked = linked_from({name: st.query_params.get_all(name) for name in st.query_params})
        st.session_state[key] = (dataset, asked)
    about, found = st.session_state[key]
    return found if about == dataset else Linked()


def share(
    service: Service, name: str, page: str, values: Mapping[str, object], parameters: Mapping[str, object] | None = None
) -> None:
    """Write the query inputs into the address."""
    dataset = {"dataset": name} if len(service.names) > 1 else {}
    search = search_from({**dataset, **values}, parameters)
    with st.container(key="link", height=1, border=False):
        component("link")(data={"page": page, "search": search}, key=f"link_{page}")
