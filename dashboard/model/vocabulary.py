"""What the parts of a dataset are called on the pages: after their columns, where those have names of their own."""

from typing import Final, Literal

Part = Literal["entity", "agent", "channel", "method"]

KNOWN_NAMES: Final[dict[Part, tuple[str, ...]]] = {
    "entity": ("contact_id", "contactid", "id", "order_id", "visit_id"),
    "agent": ("agent_name", "agent", "agentname", "agent_username", "user_name", "username", "assignee"),
    "channel": ("channel", "source_channel", "medium"),
    "method": ("initiation_method", "initiationmethod", "method", "origin"),
}
"""Names that are taken for a part when the dataset file does not say; the first present wins."""

_USUAL: Final[dict[Part, str]] = {
    "entity": "contact",
    "agent": "agent",
    "channel": "channel",
    "method": "initiation method",
}


def called(part: Part, column: str | None) -> str:
    """Return what one value of a part is called: `agent`, `clerk`, `order`."""
    if part == "entity":
        stem = (column or "").removesuffix("id").rstrip("_")
        return stem.replace("_", " ") or (_USUAL[part] if column is None else "row")
    return _USUAL[part] if column is None or column in KNOWN_NAMES[part] else column.replace("_", " ")


def several(noun: str) -> str:
    """Return the plural of a noun, for names of columns well enough: `agents`, `cities`, `statuses`."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"


def headed(text: str) -> str:
    """Return a text with its first letter large and the others as they are."""
    return text[:1].upper() + text[1:]
