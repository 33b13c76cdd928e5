"""The text file of EXPLAIN, SHOW COLUMNS or DESCRIBE flows in; rows flow out.

Athena writes CSV for queries alone. The other files have one row a line and tabs between the columns. Only EXPLAIN's
may have a header: the name of its column.
"""

from collections.abc import Sequence

import pyarrow as pa

from dashboard.model.result import ResultColumn


def is_text_file(location: str) -> bool:
    """Return whether a result's file holds text instead of CSV."""
    return location.endswith(".txt")


def table_from_text(text: str, columns: Sequence[ResultColumn]) -> pa.Table:
    """Return the rows of a text file; every column is text, and what a line does not hold is empty."""
    names = [column.name for column in columns]
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].strip() == "Query Plan" == names[0]:
        lines = lines[1:]
    if len(names) == 1:
        # The indentation of a plan shows its structure.
        return pa.table({names[0]: pa.array([line.rstrip() for line in lines], pa.string())})
    rows = [[cell.strip() for cell in line.split("\t", len(names) - 1)] for line in lines]
    cells = [[*row, *[""] * (len(names) - len(row))] for row in rows]
    return pa.table({name: pa.array([row[place] for row in cells], pa.string()) for place, name in enumerate(names)})
