"""A checked statement flows in; the UNLOAD statement by which Athena writes its result to S3 flows out.

Source: "UNLOAD" in the Athena user guide. UNLOAD takes any SELECT, parameters included, needs an empty folder, and
does not keep the order of rows.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, get_args

from dashboard.errors import RefusedSql
from dashboard.model.access.table_view import quoted
from dashboard.model.statements import Statement
from dataset_model.dashboard.condition import text_literal

UnloadFormat = Literal["parquet", "json"]
FORMATS: Final[tuple[UnloadFormat, ...]] = get_args(UnloadFormat)
EXTENSIONS: Final[dict[UnloadFormat, str]] = {"parquet": "parquet", "json": "json.gz"}
LABELS: Final[dict[UnloadFormat, str]] = {"parquet": "Parquet", "json": "JSON lines"}
"""Athena's text format is not offered: it has no header and no quotes, so a comma in a value breaks a row."""

MOST_ROWS: Final = 50_000_000
"""The rows are not held in this process, but storage and transfer cost money."""

_OPTIONS: Final[dict[UnloadFormat, str]] = {
    "parquet": "format = 'PARQUET', compression = 'SNAPPY'",
    "json": "format = 'JSON', compression = 'GZIP'",
}


def unload_statement(
    statement: Statement, columns: Sequence[str], chosen: Sequence[str], form: UnloadFormat, folder: str
) -> Statement:
    """Return the statement that writes the `chosen` ones of a statement's result columns below an S3 folder.

    `columns` are all of them in order, as the result names them; the SQL's own names may be missing or repeated. Raises
    RefusedSql for EXPLAIN, SHOW COLUMNS and DESCRIBE.
    """
    if statement.sql.split(None, 1)[0].upper() in {"EXPLAIN", "SHOW", "DESCRIBE"}:
        raise RefusedSql("Athena writes the rows of queries alone", mend="Download the result as CSV or Excel.")
    names = [f"c{place}" for place, _ in enumerate(columns, 1)]
    shown = ", ".join(f"{names[place]} AS {quoted(name)}" for place, name in enumerate(columns) if name in set(chosen))
    sql = (
        f"UNLOAD (SELECT {shown} FROM ({statement.sql}) AS result ({', '.join(names)})) "
        f"TO {text_literal(folder)} WITH ({_OPTIONS[form]})"
    )
    return replace(statement, sql=sql, unloads=form)


def unload_folder(output_location: str, name: str) -> str:
    """Return a folder next to Athena's results: the role that runs queries may write there, and old files expire."""
    return f"{output_location.rpartition('/')[0]}/unload/{name}/"
