"""What a run found: the table on the terminal, docs/conformance.md, and the block of docs/local-athena.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from conformance.comparison import Difference, Part
from conformance.engine.archive import VERSION

DOCS = Path("docs")
BEGIN = "<!-- differences from Athena's engine: begin (written by `make conformance`) -->"
END = "<!-- differences from Athena's engine: end -->"


def table(parts: Sequence[Part]) -> str:
    """Return the figures of every part as a Markdown table."""
    lines = [
        "| compared | with | statements | tables | cells | explained differences | unexplained |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {part.title} | {part.other} | {part.statements:,} | {len(part.tables)} | {part.cells:,} "
        f"| {len(part.differences) - len(part.unexplained)} | {len(part.unexplained)} |"
        for part in parts
    ]
    return "\n".join(lines)


def unexplained(parts: Sequence[Part]) -> str:
    """Return every unexplained difference, and every explanation that is out of date."""
    lines = [
        f"{part.title}: {difference.case.sql}\n"
        f"    engine: {_shown(difference.engine.shown, difference.engine.message)}\n"
        f"    here:   {_shown(difference.other.shown, difference.other.message)}\n    {'; '.join(difference.notes)}"
        for part in parts
        for difference in part.unexplained
    ]
    lines += [f"{part.title}: explained, but no longer different: {sql}" for part in parts for sql in part.stale]
    return "\n".join(lines)


def _shown(text: str, message: str) -> str:
    return f"{text} ({message.splitlines()[0][:160]})" if message else text


def write(parts: Sequence[Part]) -> None:
    """Write docs/conformance.md and the marked block of docs/local-athena.md."""
    (DOCS / "conformance.md").write_text(_document(parts), encoding="utf-8")
    guide = DOCS / "local-athena.md"
    text = guide.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    (local,) = (part for part in parts if part.title == "Local Athena")
    guide.write_text(f"{before}{BEGIN}\n\n{_listed(local.differences)}\n{END}{after}", encoding="utf-8")


def _document(parts: Sequence[Part]) -> str:
    listed = "\n".join(
        f"### {part.title}\n\n{_listed(part.differences)}"
        for part in parts
        if any(found.why for found in part.differences) and part.title != "Local Athena"
    )
    return f"""# Conformance

Athena's engine 3 is based on Trino. `make conformance` starts a Trino {VERSION} over the stand-in's catalogue and
objects and holds four things against it. This page is its last run. It is not part of `make test`: it
needs Java 24 or newer, Maven, 3 GB of memory, a download of 821 MB on the first run, and about half an hour on two
cores.

{table(parts)}

- **Tables**: every table and view that the exporter writes (all column types with their edges, NULL and `""`, JSON
  text, columns from paths, wide tables, columns that newer files alone have, several files a day, the ends of the
  projected range and days outside it, the text date column, JSON lines and CSV, the present state of a table with a
  stream), read by the engine and compared value for value with the objects. Records, changes and quarantined items are
  below the same prefix: no query of the table reads them.
- **Product**: every statement that exporter and dashboard send, recorded while they work (the query types, SQL of
  one's own with parameters and confined to fewer days, Overview with picks, drill-downs, counts, downloads by UNLOAD,
  `verify`, the named queries of the template), asked of the engine and of the local Athena.
- **Guard**: what a person wrote and what the guard sends, both asked of the engine: they must mean the same. The texts
  are the corpus of innocent SQL, the forms of Athena's documentation, and a call of every function of the engine with
  each number of arguments.
- **Local Athena**: types, functions, orders and errors by their names. Its explained differences are listed in
  [local-athena.md](local-athena.md).

Doubles agree to their 12th digit, since a sum depends on the order of addition. Digits of a second's fraction beyond
the third are compared where they are not zero. Where a statement does not say which rows or which order it means (a
LIMIT without ORDER BY, `arbitrary`, an estimate), types and the number of rows are compared.

What this cannot show: Athena's own additions to the engine (its workgroups, UNLOAD, result files) and the versions of
the engine that AWS runs, which it does not publish.

{listed}"""


def _listed(differences: Sequence[Difference]) -> str:
    ordered = sorted((found for found in differences if found.why), key=lambda found: (found.why or "", found.case.sql))
    return "".join(_group(why or "", list(found)) for why, found in groupby(ordered, key=lambda found: found.why))


def _group(why: str, found: list[Difference]) -> str:
    return f"**{why}**\n\n| statement | Athena's engine | here |\n|---|---|---|\n" + "".join(_rows(found)) + "\n"


def _rows(found: list[Difference]) -> Iterator[str]:
    for difference in found:
        engine, other = (_cell(outcome.shown) for outcome in (difference.engine, difference.other))
        yield f"{row_head(difference.case.sql)} {engine} | {other} |\n"


def row_head(sql: str) -> str:
    """Return how the row of a statement begins in a list of differences."""
    return f"| `{_cell(sql.removeprefix('SELECT '))}` |"


def _cell(text: str) -> str:
    short = text if len(text) <= 120 else text[:117] + "..."
    return " ".join(short.replace("|", "\\|").replace("`", "'").split())
