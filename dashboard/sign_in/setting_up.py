"""Environment to middleware: sets up sign-in; wrong settings end the process before it serves a request."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from starlette.middleware import Middleware
from streamlit import config
from streamlit.runtime.secrets import SecretsValue, secrets_singleton

from dashboard.log import LogLines
from dashboard.model.access.roles import RoleMap
from dashboard.sign_in.access import (
    Access,
    access_from_environment,
    idle_seconds_from_environment,
    refusal,
    role_map_from_environment,
    secret_from_environment,
    sends_strangers_to_sign_in,
)
from dashboard.sign_in.addresses import is_loopback
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.hosts import names_from_environment
from dashboard.sign_in.logs import keep_codes_out_of_the_access_log
from dashboard.sign_in.oidc.provider import Provider
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Ended, Sessions
from dashboard.sign_in.sign_in_page import SignInPage
from dashboard.sign_in.socket.gate import StreamGate
from dashboard.sign_in.tokens import Tokens
from dataset_model.faults import DatasetError

_WRONG_SETTINGS: Final = 2

_log = LogLines(__name__)


@dataclass(frozen=True)
class SignIn:
    """Who gets in, and how the provider is found."""

    access: Access
    source: ProviderSource | None = None
    role_map: RoleMap = field(default_factory=RoleMap)
    sessions: Sessions | None = None
    """Where people sign in."""
    tokens: Tokens | None = None
    """Personal tokens, where people sign in."""
    redirects_strangers: bool = False
    """Whether requests without cookie and token are sent to the sign-in page, in place of 401."""
    names: frozenset[str] = frozenset()
    """Host names under which the dashboard answers without sign-in, in addition to its addresses."""

    @property
    def middleware(self) -> Middleware:
        """The gate, which every request passes first."""
        return Middleware(
            Gate,
            access=self.access,
            source=self.source,
            names=self.names,
            role_map=self.role_map,
            sessions=self.sessions,
            tokens=self.tokens,
            redirects_strangers=self.redirects_strangers,
        )

    @property
    def inner_middleware(self) -> list[Middleware]:
        """What stands next to Streamlit: the sign-in page, and the check of every page's socket."""
        gate = Middleware(StreamGate, access=self.access, source=self.source, sessions=self.sessions)
        return [Middleware(SignInPage), gate]


def sign_in_or_exit(
    environment: Mapping[str, str] = os.environ,
    ended: Callable[[], Ended] | None = None,
    tokens: Callable[[str], Tokens] | None = None,
) -> SignIn:
    """Return how this process is closed; exit with status 2 where its settings are wrong or it would stand open.

    `ended` gives the store of ended sessions, once the settings of the service are known; `tokens` makes the personal
    tokens, given the claim that roles are read from.
    """
    keep_codes_out_of_the_access_log()
    try:
        access, names = access_from_environment(environment), names_from_environment(environment)
        role_map = role_map_from_environment(environment)
        if access is Access.SIGN_IN:
            sessions = Sessions(idle_seconds_from_environment(environment), ended)
            source = ProviderSource(environment, _give_to_streamlit, _secret_reader(environment))
            source.current()
            own = tokens(role_map.claim) if tokens else None
            return SignIn(access, source, role_map, sessions, own, sends_strangers_to_sign_in(environment))
    except DatasetError as error:
        _exit(f"The dashboard's sign-in settings are wrong.\n{error}")
    # Streamlit's own option is known before the server listens; the gate checks every other way.
    address = config.get_option("server.address")
    if access is Access.LOOPBACK and address and not is_loopback(address):
        _exit(refusal(address))
    if access is Access.EVERYBODY:
        _log.warning("sign-in is off: anyone who can reach this dashboard can read all data")
    return SignIn(access, names=names)


def _give_to_streamlit(provider: Provider) -> None:
    # What `st.App(secrets=)` does at its start, here also for a secret that is filled later.
    secrets: dict[str, SecretsValue] = {name: {**section} for name, section in provider.streamlit_secrets().items()}
    secrets_singleton.merge_programmatic_secrets(secrets)


def _secret_reader(environment: Mapping[str, str]) -> Callable[[], str] | None:
    secret = secret_from_environment(environment)
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not secret:
        return None
    from dashboard.aws.secrets import SecretsManager

    return SecretsManager(secret, region).text


def _exit(message: str) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.stderr.flush()
    raise SystemExit(_WRONG_SETTINGS)
