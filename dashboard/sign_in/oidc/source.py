"""Variables and a secret to the provider; the secret may be filled after the start.

Variables are known at the start. A secret may be filled later: the dashboard's address exists only after deployment,
and the callback address in the secret is made of it. Until then the process runs, healthy and closed.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.sign_in.oidc.provider import Provider, provider_from, values_from_environment, values_from_secret
from dataset_model.faults import DatasetError

RETRY_SECONDS: Final = 10.0
"""How often an unfinished secret is looked at, at most."""

_log = LogLines(__name__)


class ProviderSource:
    """Gives the provider once it is complete; a variable wins over the same field of the secret.

    `on_known` is called once, before the provider is returned. With no `read_secret`, faults in the variables are
    raised at once as DatasetError.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        on_known: Callable[[Provider], None],
        read_secret: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = values_from_environment(environment)
        self._on_known = on_known
        self._read_secret = read_secret
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Provider | None = None
        self._next_look = float("-inf")
        if read_secret is None:
            self._known = provider_from(self._given)
            on_known(self._known)

    @property
    def known(self) -> Provider | None:
        """The provider if it is known already; makes no request."""
        return self._known

    def current(self) -> Provider | None:
        """Return the provider, looking into the secret where it is time to; None while it is incomplete."""
        with self._lock:
            if self._known is None and self._clock() >= self._next_look:
                self._next_look = self._clock() + RETRY_SECONDS
                self._look()
            return self._known

    def _look(self) -> None:
        try:
            text = self._read_secret() if self._read_secret is not None else ""
            values = {**_values(text), **self._given}
            provider = provider_from(values, where="sign-in secret")
        except DatasetError as error:
            # Names only: the secret's values are not logged.
            _log.warning("sign-in is not set up yet", missing_or_wrong=[fault.field for fault in error.faults])
        except DashboardError as error:
            _log.error("sign-in cannot be set up", reason=str(error))
        else:
            self._on_known(provider)
            self._known = provider
            _log.info("sign-in is set up", redirect_uri=provider.redirect_uri)


def _values(text: str) -> dict[str, str]:
    try:
        content = json.loads(text or "{}")
    except ValueError:
        _log.warning("the sign-in secret holds no JSON object")
        return {}
    return values_from_secret(content) if isinstance(content, dict) else {}
