"""A claim and the role map to a person's roles: viewer, analyst or admin, everywhere or per dataset."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args

Role = Literal["viewer", "analyst", "admin"]
"""viewer: pages. analyst: also custom SQL and downloads. admin: also other people's queries and sessions."""

UNMASK: Final = "unmask"
"""The right to see masked columns in clear, which a grant adds to a role; admins have it."""
ALL_ROWS: Final = "all-rows"
"""The right to see every row, whatever the row rule of a dataset says, which a grant adds to a role; admins have it."""

_RANKS: Final[Mapping[Role, int]] = {name: rank for rank, name in enumerate(get_args(Role), 1)}
_SCOPES: Final = frozenset({"scope", "scp"})
ANY_GROUP: Final = "*"
"""In the role map: every person who signs in."""


@dataclass(frozen=True)
class Roles:
    """The highest role of a person: everywhere, and for single datasets."""

    everywhere: Role | None = None
    by_dataset: Mapping[str, Role] = field(default_factory=dict)
    unmask: frozenset[str | None] = frozenset()
    """Datasets of which masked columns are seen in clear; None stands for all of them."""

    all_rows: frozenset[str | None] = frozenset()
    """Datasets of which every row is seen; None stands for all of them."""

    def may_unmask(self, dataset: str) -> bool:
        """Return whether the person sees the masked columns of a dataset: by the right `unmask`, or as its admin."""
        return self.has("admin", dataset) or not self.unmask.isdisjoint({None, dataset})

    def sees_all_rows(self, dataset: str) -> bool:
        """Return whether no row rule of a dataset holds for the person: by the right `all-rows`, or as its admin."""
        return self.has("admin", dataset) or not self.all_rows.isdisjoint({None, dataset})

    def has(self, needed: Role, dataset: str | None = None) -> bool:
        """Return whether the person has at least this role for a dataset; None: for all of them."""
        given = (self.everywhere, self.by_dataset.get(dataset) if dataset is not None else None)
        return max(map(_rank, given)) >= _RANKS[needed]

    def has_any(self, needed: Role) -> bool:
        """Return whether the person has at least this role; for admin everywhere, for others on some dataset."""
        return self.has(needed) or (needed != "admin" and any(self.has(needed, name) for name in self.by_dataset))

    def at_most(self, role: Role, datasets: Collection[str] = ()) -> "Roles":
        """Return these roles, none of them above `role`, for some datasets (empty: all); the rights stay."""

        def lower(given: Role | None) -> Role | None:
            return given if given is None or _RANKS[given] < _RANKS[role] else role

        if not datasets:
            by_dataset = {name: lower(given) or role for name, given in self.by_dataset.items()}
            return replace(self, everywhere=lower(self.everywhere), by_dataset=by_dataset)
        highest = {name: max(self.everywhere, self.by_dataset.get(name), key=_rank) for name in datasets}
        own = {name: capped for name, given in highest.items() if (capped := lower(given)) is not None}
        return replace(self, everywhere=None, by_dataset=own)

    @property
    def is_empty(self) -> bool:
        """Whether the person may see nothing at all."""
        return self.everywhere is None and not self.by_dataset


ANALYST_EVERYWHERE: Final = Roles("analyst")
"""The roles of everyone where no role map is set."""


@dataclass(frozen=True)
class Grant:
    """One line of the role map: members of a group have a role, for one dataset or everywhere (None)."""

    group: str
    role: Role
    dataset: str | None = None
    unmasks: bool = False
    """Whether they also see masked columns in clear."""
    shows_all_rows: bool = False
    """Whether no row rule holds for them."""


@dataclass(frozen=True)
class RoleMap:
    """Groups to roles. Without grants every person is analyst; with grants, a person without one sees nothing."""

    claim: str = "groups"
    grants: tuple[Grant, ...] = ()

    def roles_of(self, claims: Mapping[str, object]) -> Roles:
        """Return the roles that a person's claims give; the highest grant holds."""
        if not self.grants:
            return ANALYST_EVERYWHERE
        groups = {*_texts(claims.get(self.claim), splits=self.claim in _SCOPES), ANY_GROUP}
        everywhere: Role | None = None
        by_dataset: dict[str, Role] = {}
        for grant in sorted(self.grants, key=lambda one: _RANKS[one.role]):
            if grant.group not in groups:
                continue
            if grant.dataset is None:
                everywhere = grant.role
            else:
                by_dataset[grant.dataset] = grant.role
        own = [grant for grant in self.grants if grant.group in groups]
        unmask = frozenset(grant.dataset for grant in own if grant.unmasks)
        all_rows = frozenset(grant.dataset for grant in own if grant.shows_all_rows)
        return Roles(everywhere, by_dataset, unmask, all_rows)


def grants_from(text: str) -> tuple[Grant, ...]:
    """Return the grants of a role map: `group=role`, `group=role@dataset`, by commas, or a JSON object of the same.

    A role may carry rights: `group=analyst+unmask@dataset`, `group=viewer+all-rows`. The JSON form is for group names
    that hold a comma or an equals sign. Raises ValueError with what is wrong.
    """
    if text.lstrip().startswith("{"):
        content = json.loads(text)
        pairs = [(group, str(part)) for group, parts in content.items() for part in _several(parts)]
    else:
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        pairs = [(group.strip(), role) for group, _, role in (entry.rpartition("=") for entry in entries)]
    return tuple(_grant(group, role) for group, role in pairs)


def _rank(role: Role | None) -> int:
    return 0 if role is None else _RANKS[role]


def _grant(group: str, text: str) -> Grant:
    name, at, dataset = text.strip().partition("@")
    name, *rights = (part.strip() for part in name.split("+"))
    role = next((known for known in get_args(Role) if known == name), None)
    if not group or role is None or (at and not dataset.strip()) or not {*rights} <= {UNMASK, ALL_ROWS}:
        raise ValueError(
            f"expected group=viewer, group=analyst+{UNMASK}+{ALL_ROWS} or group=admin@dataset; found {group!r}={text!r}"
        )
    return Grant(group, role, dataset.strip() or None, UNMASK in rights, ALL_ROWS in rights)


def _several(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value]


def _texts(value: object, *, splits: bool) -> set[str]:
    """Return the groups of a claim: a list, or one text. Only scopes are several in one text."""
    if isinstance(value, str):
        return set(value.split()) if splits else {value}
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()
