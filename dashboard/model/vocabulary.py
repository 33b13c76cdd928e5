"""Columns and the words of a dataset file flow in, the nouns and labels that pages use flow out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dashboard.model.english import plural_of, split_name, without_id, words_in
from dataset_model.columns.names import column_name
from dataset_model.dashboard.section import Noun
from dataset_model.definition import Dataset

Part = Literal["entity", "agent", "channel", "method"]

KNOWN_NAMES: Final[dict[Part, tuple[str, ...]]] = {
    "entity": ("contact_id", "contactid", "id", "order_id", "visit_id"),
    "agent": ("agent_name", "agent", "agentname", "agent_username", "user_name", "username", "assignee"),
    "channel": ("channel", "source_channel", "medium"),
    "method": ("initiation_method", "initiationmethod", "method", "origin"),
}
"""Column names that identify a role where the dataset file declares none; the first present wins."""

_USUAL: Final[dict[Part, str]] = {
    "entity": "row",
    "agent": "agent",
    "channel": "channel",
    "method": "initiation method",
}


@dataclass(frozen=True)
class Words:
    """What people read for the rows, the entity, the columns and the values of a dataset."""

    rows: Noun
    entity: Noun
    labels: tuple[tuple[str, str], ...] = ()
    """Columns with the label that the file declares."""
    values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Columns with the labels of their values."""
    names: tuple[tuple[str, str], ...] = ()
    """Columns with their attribute's name in snake case, where that has the words apart: `queuewaittime`, `stra_e`."""
    booleans: frozenset[str] = frozenset()
    """Columns that are true or false."""

    def label(self, column: str) -> str:
        """Return what people read for a column: its label, or its name in words."""
        return dict(self.labels).get(column) or words_in(self._name(column))

    def noun(self, part: Part, column: str | None) -> str:
        """Return the noun for one value of a role's column, as in a sentence."""
        declared = dict(self.labels).get(column or "")
        if declared or column is None or column in KNOWN_NAMES[part]:
            return in_a_sentence(declared) if declared else noun_for(part, column)
        return noun_for(part, self._name(column))

    def many(self, part: Part, column: str | None) -> str:
        """Return the plural of that noun; what is true or false has none."""
        noun, several = self.noun(part, column), plural_of(self.noun(part, column))
        return f"{noun}: yes or no" if column in self.booleans else several

    def _name(self, column: str) -> str:
        return dict(self.names).get(column, column)

    def value_labels(self, column: str) -> Mapping[str, str]:
        """Return what people read for values of a column; a value without an entry is read as it is."""
        return dict(dict(self.values).get(column, ()))


def words_of(
    dataset: Dataset, entity: str | None, attributes: Mapping[str, str] | None = None, booleans: Iterable[str] = ()
) -> Words:
    """Return the words of a dataset file; what it leaves out is inferred from the entity's column.

    `attributes` are the columns with the names of their attributes.
    """
    labels = tuple((column.name, column.label) for column in dataset.columns if column.label)
    values = ((column.name, tuple(column.value_labels.items())) for column in dataset.columns if column.value_labels)
    names = tuple(
        (column, name) for column, attribute in (attributes or {}).items() if (name := _apart(column, attribute))
    )
    found = Words(Noun(one="row", many="rows"), Noun(one="row", many="rows"), labels, names=names)
    one = found.noun("entity", entity)
    named = dataset.dashboard.entities or Noun(one=one, many=plural_of(one))
    return Words(dataset.dashboard.rows or named, named, labels, tuple(values), names, frozenset(booleans))


def _apart(column: str, attribute: str) -> str:
    """Return the name of an attribute in snake case where its column has the same letters; empty otherwise."""
    name = split_name(attribute)
    same = column_name(name).replace("_", "") == column.replace("_", "")
    return name if same and name != column else ""


def noun_for(part: Part, column: str | None) -> str:
    """Return the noun for one value of a role: `agent`, `clerk`, `order`, `device` of `deviceid`."""
    if part == "entity":
        return without_id(column or "") or "row"
    if column is None or column in KNOWN_NAMES[part]:
        return _USUAL[part]
    return without_id(column) or words_in(column)


def capitalised(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def name_of(noun: str) -> str:
    """Return a noun as a name of a column: `unique_orders`; only letters, digits and `_` survive."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in noun.lower()).strip("_")
    return kept if kept and not kept[0].isdigit() else f"n_{kept}".rstrip("_")


def in_a_sentence(label: str) -> str:
    """Return a label with its first letter in lower case."""
    # An abbreviation keeps its capitals: `SKU`, `IP address`.
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
