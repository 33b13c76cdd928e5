"""Who asks, and for what, in; the ticket of the query out, or why the role or a limit does not allow it."""

from collections.abc import Callable, Hashable, Iterable, Sequence

from dashboard.errors import Forbidden
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import Role
from dashboard.model.statements import Statement
from dashboard.services.audit import Audit
from dashboard.services.job import API, SHARED, Job, Ticket


class Permissions:
    """Decides by the roles of the requester; `requester` returns who asks, for what runs in this thread."""

    def __init__(
        self, requester: Callable[[], Requester], audit: Audit, seen: Callable[[tuple[str, ...]], Hashable]
    ) -> None:
        """Set who asks, and `seen`: what the requester may see of datasets, equal while that stays the same."""
        self.requester = requester
        self._audit, self._seen = audit, seen

    def visible(self, datasets: Iterable[str], role: Role = "viewer") -> tuple[str, ...]:
        """Return the datasets for which the requester has at least a role."""
        roles = self.requester().roles
        return tuple(name for name in datasets if roles.has(role, name))

    def sees(self, datasets: Iterable[str]) -> bool:
        """Return whether the requester may see every one of some datasets; one without a role sees nothing at all."""
        roles = self.requester().roles
        return not roles.is_empty and all(roles.has("viewer", name) for name in datasets)

    def require(self, role: Role, datasets: Sequence[str], doing: str) -> None:
        """Raise Forbidden unless the requester has a role for each of the datasets."""
        roles = self.requester().roles
        missing = [name for name in datasets if not roles.has(role, name)]
        if missing:
            raise Forbidden(
                f"Your role does not allow {doing} of {', '.join(missing)}. "
                f"Ask an admin for the role {role} (ROLE_MAP)."
            )

    def require_admin(self, doing: str) -> None:
        """Raise Forbidden unless the requester is admin everywhere; admin of one dataset is not enough."""
        if not self.requester().roles.has("admin"):
            raise Forbidden(f"Your role does not allow {doing}. Ask for the role admin (ROLE_MAP).")

    def ticket(self, owner: str, datasets: tuple[str, ...], statement: Statement) -> Ticket:
        """Return the ticket of a query; raises Forbidden, or TooManyQueries where the bytes of today are spent."""
        if statement.written or statement.unloads:
            self.require("analyst", datasets, "custom SQL and files")
        else:
            self.require("viewer", datasets, "queries")
        asks = self.requester()
        # A shared answer counts for the person who asked first, and has a lane of its own: it neither waits for their
        # other queries, nor takes the turns of answers that other people ask for.
        lane = f"{SHARED} {asks.person}".rstrip() if owner == SHARED else asks.person
        lane = lane or (asks.address if owner == API else "") or owner
        ticket = Ticket(owner, asks.person, lane, datasets, self._seen(datasets), asks.token)
        self._audit.check(ticket)
        return ticket

    def own(self, jobs: Iterable[Job], session: str = "") -> list[Job]:
        """Return the requester's jobs: those of the person, and where sign-in is off those of this page session."""
        asks = self.requester()
        return [
            job
            for job in jobs
            if job.owner != SHARED and (job.ticket.person == asks.person if asks.person else job.owner == session)
        ]

    def owns(self, ticket: Ticket) -> bool:
        """Return whether the requester may open a result: it is theirs; where sign-in is off, what the API started.

        They must see as much of its datasets as when it ran: a right that was withdrawn holds for older results too.
        """
        asks = self.requester()
        if ticket.owner == SHARED or ticket.person != asks.person or not (asks.person or ticket.owner == API):
            return False
        # A token does not open results that its person asked for without it.
        if asks.is_limited and asks.token != ticket.token:
            return False
        return len(self.visible(ticket.datasets)) == len(ticket.datasets) and ticket.seen == self._seen(ticket.datasets)
