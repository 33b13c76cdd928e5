"""Datasets and who asks flow in; what the person may see of their tables flows out, and which statements show more."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from dashboard.errors import Forbidden
from dashboard.model.access.requester import Requester
from dashboard.model.access.table_view import EVERYTHING, TableView
from dashboard.model.statements import Statement
from dashboard.services.dataset_service import DatasetService
from dashboard.stores.mask_key import MaskKey
from dataset_model.columns.column import Mask
from dataset_model.dashboard.row_rule import NO_ROW, RowRule
from dataset_model.definition import Dataset


class Masking:
    """Decides by the rights `unmask` and `all-rows`, and the claims, of the requester. Safe to use from any thread."""

    def __init__(
        self,
        requester: Callable[[], Requester],
        key: MaskKey,
        of: Callable[[str], DatasetService],
        datasets: Sequence[Dataset],
    ) -> None:
        """Set who asks, for what runs in this thread, the key of the digests, and where datasets are found."""
        self._requester, self._key, self._of = requester, key, of
        self._rules = {dataset.name: rule for dataset in datasets if (rule := dataset.row_rule) is not None}

    @property
    def claims(self) -> frozenset[str]:
        """Names of the claims that row rules compare with."""
        return frozenset(claim for rule in self._rules.values() for claim in rule.claims)

    def view(self, name: str, masks: Mapping[str, Mask], published: Collection[str] | None) -> TableView:
        """Return what the requester may see of a table with these masks.

        `published` are the columns that its table has, None before the first export.
        """
        asks = self._requester()
        hidden = {} if asks.roles.may_unmask(name) else masks
        rule = None if asks.roles.sees_all_rows(name) else self._rules.get(name)
        if not hidden and rule is None:
            return EVERYTHING
        key = self._key.text() if "hash" in hidden.values() else ""
        if rule is None:
            return TableView(hidden, key)
        # A column that no file has yet says of no row that it may be seen.
        is_known = published is None or {*rule.columns} <= {*published}
        shown = rule.condition(asks.claims) if is_known else NO_ROW
        return TableView(hidden, key, shown.sql, shown.columns, _remark(rule, asks.claims))

    def seen(self, names: tuple[str, ...]) -> Hashable:
        """Return what the requester may see of datasets, equal while that stays the same."""
        return tuple(self._of(name).model().view.identity for name in names)

    def shows_values(self, names: Sequence[str]) -> bool:
        """Return whether the requester sees values of these datasets that others may not see."""
        may_unmask = self._requester().roles.may_unmask
        # Of a dataset with a row rule each person may see other rows.
        return any(name in self._rules or (self._of(name).masks() and may_unmask(name)) for name in names)

    def is_shared(self, name: str, names: Sequence[str]) -> bool:
        """Return whether SQL over datasets may be shown to all who see the dataset `name`."""
        # They may have no role for another one that it reads.
        return {*names} <= {name} and not self.shows_values(names)

    def check(self, names: Sequence[str], statement: Statement) -> None:
        """Raise Forbidden for a statement over more of a table than the requester may see.

        Every statement is made for its requester, so this finds one that was made for another, or before a right went.
        """
        for name in names:
            query = self._of(name).model().query
            if query is not None and not any(query.sent in sent for sent, _ in statement.in_place_of):
                raise Forbidden(f"Your role does not allow this query of {name} as it was made. Make it again.")


def _remark(rule: RowRule, claims: Mapping[str, object]) -> str:
    if missing := rule.missing(claims):
        return (
            f"No row is shown: your sign-in has no value for {', '.join(missing)}, which the row rule compares with. "
            "Ask an admin for it, or for the right all-rows."
        )
    return f"You see the rows that the row rule allows: {rule.text}"
