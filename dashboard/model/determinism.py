"""Whether a statement gives the same answer again on the same data. Pure."""

import re
from typing import Final

from dashboard.model.statements import Statement

_CHANGING: Final = re.compile(
    r"\b(now|current_\w+|localtime\w*|rand|random\w*|uuid|shuffle|tablesample)\b", re.IGNORECASE
)
"""Words of what changes from one moment to the next: clocks, chance, whoever asks."""


def is_repeatable(statement: Statement) -> bool:
    """Return False where a word of the SQL may make the answer another one next time.

    Words in texts and names count too: at worst a query runs once more than it had to.
    """
    return _CHANGING.search(statement.sql) is None
