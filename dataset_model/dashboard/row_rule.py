"""The `rows` of a dataset file and a person's claims flow in; the condition on the rows that they may see flows out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.condition import Condition, NoClaim, condition_from

NO_ROW: Final = Condition("FALSE", ())
"""Holds for no row."""


@dataclass(frozen=True)
class RowRule:
    """Which rows of a dataset a person may see: `store IN {claim.stores}`."""

    text: str
    claims: tuple[str, ...]
    """Names of the claims that it compares with, each once."""
    columns: tuple[str, ...]
    """Columns that it reads, each once."""
    types: Mapping[str, ColumnType]

    def condition(self, claims: Mapping[str, object]) -> Condition:
        """Return the condition for a person's claims.

        It holds for no row where a claim is missing, empty, or has a value that cannot be compared. Otherwise a person
        of whom less is known would see more.
        """
        try:
            return condition_from(self.text, self.types, lambda name: _texts(claims.get(name)))
        except NoClaim:
            return NO_ROW

    def missing(self, claims: Mapping[str, object]) -> tuple[str, ...]:
        """Return the claims of the rule that a person does not have, or of which no value can be read."""
        return tuple(name for name in self.claims if not _texts(claims.get(name)))


def row_rule_from(text: str, types: Mapping[str, ColumnType]) -> RowRule:
    """Return the rule of a text; raise ValueError with what was expected and found."""
    names: dict[str, None] = {}

    def any_value(name: str) -> Sequence[str]:
        names[name] = None
        return ("1",)

    condition = condition_from(text, types, any_value)
    return RowRule(text, tuple(names), condition.columns, types)


def _texts(value: object) -> tuple[str, ...]:
    """Return the values of a claim: one, or a list; nothing where one of them is neither text nor a whole number."""
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int) and not isinstance(each, bool) and each != "" for each in values):
        return ()
    return tuple(str(each) for each in values)
