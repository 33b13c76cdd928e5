"""Columns and the words of a dataset file flow in, the nouns and labels that pages use flow out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

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
_ENDING_IN_ID: Final = frozenset(
    [
        "acid",
        "aid",
        "android",
        "avoid",
        "bid",
        "covid",
        "fluid",
        "grid",
        "hybrid",
        "invalid",
        "kid",
        "lid",
        "liquid",
        "mid",
        "paid",
        "prepaid",
        "rapid",
        "raid",
        "solid",
        "squid",
        "unpaid",
        "valid",
        "void",
    ]
)
"""Words that end in `id` without being the id of something."""
_IRREGULAR: Final = {
    "criterion": "criteria",
    "datum": "data",
    "child": "children",
    "equipment": "pieces of equipment",
    "firmware": "firmware versions",
    "foot": "feet",
    "half": "halves",
    "hardware": "kinds of hardware",
    "hero": "heroes",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "man": "men",
    "mouse": "mice",
    "news": "news",
    "person": "people",
    "series": "series",
    "shelf": "shelves",
    "software": "software versions",
    "staff": "staff members",
    "tooth": "teeth",
    "woman": "women",
}
_SPELLED: Final = frozenset(
    ["api", "crm", "eta", "gps", "iban", "id", "imei", "ip", "os", "sku", "sla", "sms", "url", "uuid", "vat", "vip"]
)
"""Abbreviations that people write in capitals."""
_YES_OR_NO: Final = ("is ", "has ", "was ")
_UNCOUNTABLE: Final = frozenset(
    [
        "age",
        "content",
        "data",
        "feedback",
        "gender",
        "health",
        "humidity",
        "information",
        "media",
        "metadata",
        "money",
        "music",
        "origin",
        "power",
        "pressure",
        "quality",
        "revenue",
        "temperature",
        "time",
        "traffic",
        "type_of_traffic",
        "weather",
        "weight",
    ]
)
"""Words with a plural that is not what a chart of them shows: it shows values of them."""


@dataclass(frozen=True)
class Words:
    """What people read for the rows, the entity, the columns and the values of a dataset."""

    rows: Noun
    entity: Noun
    labels: tuple[tuple[str, str], ...] = ()
    """Columns with the label that the file declares."""
    values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Columns with the labels of their values."""

    def label(self, column: str) -> str:
        """Return what people read for a column: its label, or its name in words."""
        return dict(self.labels).get(column) or _in_words(column)

    def noun(self, part: Part, column: str | None) -> str:
        """Return the noun for one value of a role's column, as in a sentence."""
        declared = dict(self.labels).get(column or "")
        return in_a_sentence(declared) if declared else noun_for(part, column)

    def value_labels(self, column: str) -> Mapping[str, str]:
        """Return what people read for values of a column; a value without an entry is read as it is."""
        return dict(dict(self.values).get(column, ()))


def words_of(dataset: Dataset, entity: str | None) -> Words:
    """Return the words of a dataset file; what it leaves out is inferred from the entity's column."""
    labels = tuple((column.name, column.label) for column in dataset.columns if column.label)
    values = ((column.name, tuple(column.value_labels.items())) for column in dataset.columns if column.value_labels)
    found = Words(Noun(one="row", many="rows"), Noun(one="row", many="rows"), labels)
    one = found.noun("entity", entity)
    named = dataset.dashboard.entities or Noun(one=one, many=plural_of(one))
    return Words(dataset.dashboard.rows or named, named, labels, tuple(values))


def noun_for(part: Part, column: str | None) -> str:
    """Return the noun for one value of a role: `agent`, `clerk`, `order`, `device` of `deviceid`."""
    if part == "entity":
        return _without_id(column or "") or "row"
    if column is None or column in KNOWN_NAMES[part]:
        return _USUAL[part]
    return _without_id(column) or _in_words(column)


def plural_of(noun: str) -> str:
    """Return the plural of a noun, of its last word: `agents`, `cities`, `statuses`, `firmware versions`.

    What is true or false has no plural: `is paid: yes or no`.
    """
    if noun.startswith(_YES_OR_NO):
        return f"{noun}: yes or no"
    before, space, last = noun.rpartition(" ")
    return f"{before}{space}{_plural(last)}"


def capitalised(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def name_of(noun: str) -> str:
    """Return a noun as a name of a column: `unique_orders`; only letters, digits and `_` survive."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in noun.lower()).strip("_")
    return kept if kept and not kept[0].isdigit() else f"n_{kept}".rstrip("_")


def _plural(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _UNCOUNTABLE:
        return f"{word} values"
    if word.isupper() and len(word) > 1:
        return f"{word} values" if lower.endswith("s") else f"{word}s"
    if lower.endswith(("ss", "us", "is", "x", "z", "ch", "sh")):
        return f"{word[:-2] if lower.endswith('sis') else word}es"
    if lower.endswith("s"):
        return word
    return f"{word[:-1]}ies" if lower.endswith("y") and lower[-2:-1] not in set("aeiou") else f"{word}s"


def _without_id(column: str) -> str:
    """Return a column's name in words, without what says that it is an id."""
    last = column.rpartition("_")[2]
    stem = column
    if last == "id":
        stem = column.removesuffix("id").rstrip("_")
    elif last.endswith("id") and len(last) > 4 and last not in _ENDING_IN_ID:
        stem = column.removesuffix("id")
    return _in_words(stem).strip()


def _in_words(column: str) -> str:
    return " ".join(word.upper() if word in _SPELLED else word for word in column.split("_"))


def in_a_sentence(label: str) -> str:
    """Return a label with its first letter in lower case."""
    # An abbreviation keeps its capitals: `SKU`, `IP address`.
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
