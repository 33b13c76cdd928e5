"""Datasets and who asks flow in; what the person may see of their tables flows out, and which statements show more."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from dashboard.errors import Forbidden
from dashboard.model.access.requester import Requester
from dashboard.model.access.table_view import EVERYTHING, TableView
from dashboard.model.statements import Statement
from dashboard.services.dataset_service import DatasetService
from dashboard.stores.mask_key import MaskKey
from dataset_model.definition import Mask


class Masking:
    """Decides by the right `unmask` of the requester. Safe to use from any thread."""

    def __init__(self, requester: Callable[[], Requester], key: MaskKey, of: Callable[[str], DatasetService]) -> None:
        """Set who asks, for what runs in this thread, the key of the digests, and where datasets are found."""
        self._requester, self._key, self._of = requester, key, of

    def view(self, name: str, masks: Mapping[str, Mask]) -> TableView:
        """Return what the requester may see of a table with these masks."""
        if not masks or self._requester().roles.may_unmask(name):
            return EVERYTHING
        return TableView(masks, self._key.text() if "hash" in masks.values() else "")

    def seen(self, names: tuple[str, ...]) -> Hashable:
        """Return what the requester may see of datasets, equal while that stays the same."""
        return tuple(self._of(name).model().view.identity for name in names)

    def shows_values(self, names: Sequence[str]) -> bool:
        """Return whether the requester sees values of these datasets that others may not see."""
        return any(self._of(name).masks() and self._requester().roles.may_unmask(name) for name in names)

    def check(self, names: Sequence[str], statement: Statement) -> None:
        """Raise Forbidden for a statement over more of a table than the requester may see.

        Every statement is made for its requester, so this finds one that was made for another, or before a right went.
        """
        for name in names:
            query = self._of(name).model().query
            if query is not None and not any(query.sent in sent for sent, _ in statement.in_place_of):
                raise Forbidden(f"Your role does not allow this query of {name} as it was made. Make it again.")
