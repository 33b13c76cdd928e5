"""Who asks for an execution: the person for ownership, limits and the audit log, and their roles."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from dashboard.model.access.roles import ANALYST_EVERYWHERE, Roles

PROVIDER: Final = "provider"


@dataclass(frozen=True)
class Requester:
    """A person, a program with a token, or an address where sign-in is off."""

    person: str = ""
    """The subject of the sign-in; "" where sign-in is off."""
    name: str = ""
    """Display name."""
    address: str = ""
    """Network address, which stands for the person in limits where sign-in is off."""
    roles: Roles = ANALYST_EVERYWHERE
    claims: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)
    """Of the sign-in, which row rules compare with; empty where sign-in is off."""

    token: str = ""
    """Label of the personal token by which they ask; PROVIDER for a token of the sign-in provider; "" for a browser."""

    @property
    def is_limited(self) -> bool:
        """Whether they ask with a personal token, which may do less than its person."""
        return self.token not in {"", PROVIDER}


ANONYMOUS: Final = Requester()

_current: ContextVar[Requester] = ContextVar("requester", default=ANONYMOUS)


def current_requester() -> Requester:
    """Return who made the request that this task or thread serves; ANONYMOUS outside of one."""
    return _current.get()


@contextmanager
def acting_for(requester: Requester) -> Iterator[None]:
    """Serve what runs inside for this requester."""
    token = _current.set(requester)
    try:
        yield
    finally:
        _current.reset(token)
