"""A result written to S3 by Athena itself, whatever its size: nothing of it passes through this process. Pure.

Source: "UNLOAD" in the Athena user guide. It takes any SELECT, parameters included, wants a folder that is empty, and
keeps no promise about order.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, get_args

from dashboard.model.statements import Statement, quoted, text_literal

UnloadFormat = Literal["parquet", "json"]
FORMATS: Final[tuple[UnloadFormat, ...]] = get_args(UnloadFormat)
EXTENSIONS: Final[dict[UnloadFormat, str]] = {"parquet": "parquet", "json": "json.gz"}
LABELS: Final[dict[UnloadFormat, str]] = {"parquet": "Parquet", "json": "JSON lines"}
"""Athena's text format is neither: it has no header and quotes nothing, so that a comma in a value breaks a row."""

MOST_ROWS: Final = 50_000_000
"""Rows are not held here, but somebody pays for keeping and for fetching them."""

_OPTIONS: Final[dict[UnloadFormat, str]] = {
    "parquet": "format = 'PARQUET', compression = 'SNAPPY'",
    "json": "format = 'JSON', compression = 'GZIP'",
}


def unload_statement(
    statement: Statement, columns: Sequence[str], chosen: Sequence[str], form: UnloadFormat, folder: str
) -> Statement:
    """Return the statement that writes the `chosen` ones of a statement's result columns below an S3 folder.

    `columns` are all of them in order, as the result names them: repeated or missing names of the SQL count by place.
    """
    names = [f"c{place}" for place, _ in enumerate(columns, 1)]
    shown = ", ".join(f"{names[place]} AS {quoted(name)}" for place, name in enumerate(columns) if name in set(chosen))
    sql = (
        f"UNLOAD (SELECT {shown} FROM ({statement.sql}) AS result ({', '.join(names)})) "
        f"TO {text_literal(folder)} WITH ({_OPTIONS[form]})"
    )
    return replace(statement, sql=sql, unloads=form)


def unload_folder(output_location: str, name: str) -> str:
    """Return a folder beside Athena's own results, where whoever runs queries may write and what is old is removed."""
    return f"{output_location.rpartition('/')[0]}/unload/{name}/"
