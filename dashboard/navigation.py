"""The script that Streamlit runs for every visitor: pages, brand, dataset and theme; the pages do the rest."""

from pathlib import Path

import streamlit as st

from dashboard.model.access.roles import Role
from dashboard.server import deferred_imports
from dashboard.ui.page import cached_service
from dashboard.ui.page.account_menu import may_read, person_in_sidebar, sign_in_page
from dashboard.ui.page.brand import brand
from dashboard.ui.page.states import designed_states
from dashboard.ui.page.theme_picker import theme_picker
from dashboard.ui.page.view_state import dataset_picker
from dashboard.ui.query.own_queries import own_queries
from dashboard.ui.query.run_status import leave

_HERE = Path(__file__).parent
_PAGES: tuple[tuple[str, str, str, str, Role], ...] = (
    ("overview", "Overview", ":material/monitoring:", "Figures and charts of a period, filtered by a click.", "viewer"),
    (
        "explore",
        "Explore",
        ":material/table_view:",
        "Ready queries, measures by group, and downloads.",
        "viewer",
    ),
    ("boards", "Boards", ":material/dashboard:", "Cards of your own and of others on one page.", "viewer"),
    (
        "notices",
        "Alerts and reports",
        ":material/notifications:",
        "Mails of figures, scheduled or at a bound.",
        "viewer",
    ),
    ("dictionary", "Dictionary", ":material/menu_book:", "Every column: meaning, origin, samples.", "viewer"),
    ("sql", "SQL", ":material/terminal:", "A SELECT of your own over the served tables.", "analyst"),
    (
        "exports",
        "Exports",
        ":material/database_upload:",
        "What is published, how fresh it is and how it got here.",
        "viewer",
    ),
    ("account", "Account", ":material/key:", "Your tokens for programs.", "viewer"),
    ("people", "People", ":material/group:", "Who is signed in, and what queries cost.", "admin"),
)

st.set_page_config(page_title="Reporting", layout="wide", initial_sidebar_state="auto")
brand()
roles = cached_service.requester().roles
page = st.navigation(
    [
        st.Page(_HERE / "app_pages" / f"{name}.py", title=title, icon=icon, help=text, default=name == "overview")
        for name, title, icon, text, role in _PAGES
        if (role == "viewer" or roles.has_any(role)) and (name != "account" or cached_service.tokens is not None)
    ],
    position="sidebar" if (is_open := may_read()) else "hidden",
)
if not is_open:
    sign_in_page()
    st.stop()
with st.sidebar:
    choice = st.container()
    person_in_sidebar()
    running = st.container()
    with st.container(key="theme", gap="xsmall"):
        st.caption("Theme")
        theme_picker()
with designed_states():
    service = cached_service.service()
    # Says so to a person without any role, in place of an empty page.
    service.dataset()
    leave(service, page.title)
    with choice:
        dataset_picker(service)
    with running:
        own_queries(service)
    page.run()
deferred_imports.page_drawn()
