"""The environment to the one service of this process, for pages and API; the ids of page sessions."""

import os

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.aws.s3 import Objects
from dashboard.model.access.requester import ANONYMOUS, Requester, current_requester
from dashboard.model.access.roles import Roles
from dashboard.services.job import API, SHARED
from dashboard.services.process_service import ProcessService
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access, access_from_environment, role_map_from_environment
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import Tokens
from dashboard.ui.page.account_menu import person


def _make() -> Service:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    settings = settings_from_environment(os.environ, fetch=Objects(region).text)
    return Service(settings, is_there=session_is_there, requester=requester)


service = ProcessService(_make)
"""Returns the service of this process, made from the environment; raises DatasetError for wrong settings.

Everything that changes with an export is cached inside it, keyed by the manifest's version, because the JSON API needs
the same figures without a session. `service.clear()` drops all of it (tests do).
"""


people: Sessions | None = None
"""Sessions of people who signed in, set by the application; None where sign-in is off."""

tokens: Tokens | None = None
"""Their personal tokens, likewise."""


def requester() -> Requester:
    """Return who asks: the person of this page session, or of the API request that this thread serves.

    Where people sign in, a thread that serves neither may see nothing.
    """
    asks = current_requester()
    if asks is not ANONYMOUS or access_from_environment(os.environ) is not Access.SIGN_IN:
        return asks
    who = person() if get_script_run_ctx(suppress_warning=True) is not None else None
    return who.requester(role_map_from_environment(os.environ)) if who else Requester(roles=Roles())


def session_id() -> str:
    """Return the id of this browser tab's session, the owner of its jobs; "" outside a session."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def session_is_there(owner: str) -> bool:
    """Return whether a job's owner may still want its answer: an open session, the API, or all sessions."""
    if owner in {"", API, SHARED} or not Runtime.exists():
        return True
    return Runtime.instance().is_active_session(owner)
