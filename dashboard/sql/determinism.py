"""Statements flow in, whether their answers may be reused flows out."""

import re
from typing import Final

from dashboard.model.statements import Statement

_CHANGING: Final = re.compile(
    r"\b(now|current_\w+|localtime\w*|rand|random\w*|uuid|shuffle|tablesample)\b", re.IGNORECASE
)
"""Words with results that change between runs: clocks, random values, the current user."""


def is_repeatable(statement: Statement) -> bool:
    """Return False where a word of the SQL may change the answer between runs.

    Words in texts and names count too: at worst a query runs once more than needed.
    """
    return _CHANGING.search(statement.sql) is None
