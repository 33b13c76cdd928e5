"""Columns flow in, the nouns that pages use for their values flow out."""

from typing import Final, Literal

Part = Literal["entity", "agent", "channel", "method"]

KNOWN_NAMES: Final[dict[Part, tuple[str, ...]]] = {
    "entity": ("contact_id", "contactid", "id", "order_id", "visit_id"),
    "agent": ("agent_name", "agent", "agentname", "agent_username", "user_name", "username", "assignee"),
    "channel": ("channel", "source_channel", "medium"),
    "method": ("initiation_method", "initiationmethod", "method", "origin"),
}
"""Column names that identify a role where the dataset file declares none; the first present wins."""

_USUAL: Final[dict[Part, str]] = {
    "entity": "contact",
    "agent": "agent",
    "channel": "channel",
    "method": "initiation method",
}


def noun_for(part: Part, column: str | None) -> str:
    """Return the noun for one value of a role: `agent`, `clerk`, `order`."""
    if part == "entity":
        stem = (column or "").removesuffix("id").rstrip("_")
        return stem.replace("_", " ") or (_USUAL[part] if column is None else "row")
    return _USUAL[part] if column is None or column in KNOWN_NAMES[part] else column.replace("_", " ")


def plural_of(noun: str) -> str:
    """Return the plural of a noun by simple rules: `agents`, `cities`, `statuses`."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"


def capitalised(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
