"""An alert or report that a person made flows in; the rights with which it is sent flow out, or why it is not sent now.

To its maker alone it shows what they see, by the claims of their last sign-in and the role map of now. To anyone else
it is made without claims: masked columns are masked, and a row rule shows no row.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dashboard.errors import Forbidden
from dashboard.model.access.api_token import HOLDER_DAYS, TokenBook
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import ANALYST_EVERYWHERE, RoleMap
from dashboard.reports.notices import Sendable
from dashboard.stores.notices.notice_store import MadeNotice
from dataset_model.dashboard.notices import ADDRESS_PATTERN
from dataset_model.definition import Dataset


@dataclass(frozen=True)
class Makers:
    """The people for whom notices are sent while they are away, and the settings of sign-in."""

    book: TokenBook = field(default_factory=TokenBook)
    """Their last sign-ins."""
    role_map: RoleMap = field(default_factory=RoleMap)
    signs_in: bool = False
    """Whether people sign in at this dashboard."""
    domains: frozenset[str] = frozenset()
    """Domains of addresses to which people may send (REPORT_DOMAINS)."""

    def sendable(self, made: MadeNotice, dataset: Dataset, now: dt.datetime) -> Sendable:
        """Return what is sent; raise Forbidden where its maker may not send it now."""
        asks = self._requester(made, now)
        if not asks.roles.has("viewer", dataset.name):
            raise Forbidden(f"{made.by or 'Its maker'} has no role for {dataset.label} any more (ROLE_MAP).")
        return sendable_of(made, dataset, asks, self.domains)

    def _requester(self, made: MadeNotice, now: dt.datetime) -> Requester:
        if bool(made.owner) != self.signs_in:
            when = "off" if self.signs_in else "on"
            raise Forbidden(f"It was made while sign-in was {when}. Delete it, and make it again.")
        if not made.owner:
            # Its queries count for it, as no person is known.
            return Requester(f"notice:{made.dataset}/{made.journal_id}", made.by, roles=ANALYST_EVERYWHERE)
        holder = self.book.holders.get(made.owner)
        if holder is None or now.timestamp() - holder.signed_in_at > HOLDER_DAYS * 86_400:
            raise Forbidden(
                f"{made.by or 'Its maker'} has not signed in for {HOLDER_DAYS} days, or an admin ended their sessions. "
                "It is sent again after they have signed in."
            )
        roles = self.role_map.roles_of(holder.claims)
        return Requester(made.owner, holder.name, roles=roles, claims=holder.claims)


def sendable_of(made: MadeNotice, dataset: Dataset, asks: Requester, domains: frozenset[str]) -> Sendable:
    """Return what a person sends, with no more rights than its readers may have; raise Forbidden for other readers."""
    own = own_address(asks.claims)
    if refused := refused_readers(made.notice.to, own, domains):
        raise Forbidden(f"Mails to {', '.join(refused)} are not allowed (REPORT_DOMAINS).")
    is_own_alone = all(address.lower() == own for address in made.notice.to)
    rights = asks if is_own_alone else without_claims(asks)
    return Sendable(dataset, made.journal_id, made.notice, rights, made.by, made.saved_at)


def without_claims(asks: Requester) -> Requester:
    """Return a person with no claim and no further right; the queries count for them."""
    roles = replace(asks.roles.at_most("analyst"), unmask=frozenset(), all_rows=frozenset())
    return Requester(asks.person, asks.name, asks.address, roles)


def own_address(claims: Mapping[str, object]) -> str:
    """Return the address of a sign-in, in lower case; "" where the provider gives none, or says it is not verified."""
    email, verified = claims.get("email"), claims.get("email_verified", True)
    is_known = isinstance(email, str) and re.fullmatch(ADDRESS_PATTERN, email) is not None
    return str(email).lower() if is_known and (verified is True or verified == "true") else ""


def refused_readers(readers: tuple[str, ...], own: str, domains: frozenset[str]) -> list[str]:
    """Return the addresses to which a person may not send: neither their own nor of an allowed domain."""
    return [each for each in readers if each.lower() != own and each.rpartition("@")[2].lower() not in domains]
