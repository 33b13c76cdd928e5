"""The environment to the one service of this process, for pages and API; the ids of page sessions."""

import os

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.aws.s3 import Objects
from dashboard.services.process_service import ProcessService
from dashboard.services.service import SHARED, Service
from dashboard.settings import settings_from_environment


def _make() -> Service:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Service(settings_from_environment(os.environ, fetch=Objects(region).text), is_there=session_is_there)


service = ProcessService(_make)
"""Returns the service of this process, made from the environment; raises DatasetError for wrong settings.

Everything that changes with an export is cached inside it, keyed by the manifest's version, because the JSON API needs
the same figures without a session. `service.clear()` drops all of it (tests do).
"""


def session_id() -> str:
    """Return the id of this browser tab's session, the owner of its jobs; "" outside a session."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def session_is_there(owner: str) -> bool:
    """Return whether a job's owner may still want its answer: an open session, the API, or all sessions."""
    if owner in {"", "api", SHARED} or not Runtime.exists():
        return True
    return Runtime.instance().is_active_session(owner)
