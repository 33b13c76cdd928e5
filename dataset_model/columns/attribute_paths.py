r"""The text of `attribute:` flows in, the steps from an item to a value flow out.

| text                     | steps                        | reads                                             |
|--------------------------|------------------------------|---------------------------------------------------|
| `agent`                  | `agent`                      | the attribute of that name                        |
| `payload.agentId`        | `payload`, `agentId`         | a member of a map                                 |
| `items[0].sku`           | `items`, 0, `sku`            | an element of a list; `items.0.sku` reads it too  |
| `payload\.agentId`       | `payload.agentId`            | the attribute with that dot in its name           |
| `messages[*].role`       | `messages[*].role`           | a member of the row's own element of that list    |
| `messages[*]`            | `messages[*]`                | the element itself, where it is no map            |
| `messages[#]`            | `messages[#]`                | the element's number in the list, from 1          |

A backslash before `.`, `[` or a backslash makes it part of the name. The last three are for a dataset with
`explode: messages`, which has a row for each element; the rest of such a path goes on from the member.
"""

import re
from dataclasses import dataclass

Step = str | int
"""A member of a map by its name, or an element of a list by its position from 0."""

_EXPECTED = (
    r"an attribute, or a path such as payload.agentId or items[0].sku; \ stands before a dot or [ that belongs to "
    r"a name, as in payload\.agentId"
)
_NAME = re.compile(r"(?:\\[.\[\\]|[^.\[])+")
_INDEX = re.compile(r"\[(\d{1,9})\]", re.ASCII)
_ESCAPED = re.compile(r"\\([.\[\\])")
_SPECIAL = re.compile(r"[.\[\\]")
ELEMENT, NUMBER = "[*]", "[#]"
"""What follows a list's name where the row's own element is meant, or its number."""
_OF_ELEMENT = re.compile(r"\[\*\](?:\.((?:\\[.\[\\]|[^.\[])+))?|\[#\]$")


@dataclass(frozen=True)
class AttributePath:
    """Where a column's value is in an item."""

    steps: tuple[Step, ...]
    """The first is the name of an attribute; there are more where the value is inside it."""

    @classmethod
    def parse(cls, text: str) -> "AttributePath":
        """Return the path of a dataset file's `attribute`; raise ValueError with what is expected."""
        steps: list[Step] = []
        at, is_name_next = 0, True
        while is_name_next or at < len(text):
            found = _NAME.match(text, at) if is_name_next else _INDEX.match(text, at)
            if found is None and not is_name_next and text[at] == ".":
                at, is_name_next = at + 1, True
                continue
            if found is None:
                raise ValueError(_EXPECTED)
            steps.append(_ESCAPED.sub(r"\1", found[0]) if is_name_next else int(found[1]))
            at, is_name_next = found.end(), False
            if len(steps) == 1 and (element := _OF_ELEMENT.match(text, at)):
                steps, at = [str(steps[0]) + _ESCAPED.sub(r"\1", element[0])], element.end()
        return cls(tuple(steps))

    @property
    def root(self) -> str:
        """The attribute that holds the value."""
        return str(self.steps[0])

    @property
    def is_nested(self) -> bool:
        """Whether the value is inside the attribute."""
        return len(self.steps) > 1


def exploded_list(text: str) -> str | None:
    """Return the list that a path reads element by element; None for a path that reads the item itself."""
    found = _NAME.match(text)
    if found is None or not _OF_ELEMENT.match(text, found.end()):
        return None
    return _ESCAPED.sub(r"\1", found[0])


def attribute_text(name: str) -> str:
    """Return how a dataset file names an attribute, whatever its name holds: the inverse of `AttributePath.parse`."""
    return _SPECIAL.sub(r"\\\g<0>", name)
