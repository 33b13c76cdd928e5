"""Who asks for an execution: the person for ownership, limits and the audit log, and their roles."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from dashboard.model.access.roles import ANALYST_EVERYWHERE, Roles


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
