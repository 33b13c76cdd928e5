"""Point 4: the local Athena against Athena's engine, on a corpus of types, functions and errors."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import yaml

from conformance.comparison import Case, Part, asked, explanations
from conformance.engine.client import Trino
from conformance.stand_in import StandIn

_STATEMENTS = Path(__file__).parent.parent / "corpora" / "statements"
_SQL_TESTS = Path("tests/local/athena/sql/corpus_sql.yaml")
_ENDS_IN_AN_ORDER = re.compile(r"\bORDER BY [^()]*$", re.IGNORECASE)
_WHOLE = ("SELECT", "VALUES", "WITH", "TABLE", "FROM", "PIVOT", "(SELECT", "SELEC ")


def compare(trino: Trino, stand_in: StandIn) -> Part:
    """Return how the local Athena compares on every statement of the corpus."""
    part = Part("Local Athena", "the local Athena")
    explained = explanations("local_athena")
    part.tables.add("contacts")
    outcomes = asked(
        corpus(),
        lambda case: trino.ask(case.sql, case.database),
        lambda case: stand_in.ask(case.sql, case.database),
    )
    for case, (engine, local) in outcomes:
        part.compare(case, engine, local, explained)
    return part


def corpus() -> list[Case]:
    """Return the statements of the corpus files, and the expressions that the stand-in's own tests hold."""
    cases = [
        Case(path.stem, line if line.upper().startswith(_WHOLE) else f"SELECT {line}")
        for path in sorted(_STATEMENTS.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    groups = yaml.safe_load(_SQL_TESTS.read_text(encoding="utf-8"))
    cases += [Case(f"tests: {group}", f"SELECT {row[0]}") for group, rows in groups.items() for row in rows]
    return [
        replace(case, ordered=bool(_ENDS_IN_AN_ORDER.search(case.sql)))
        for case in {case.sql: case for case in cases}.values()
    ]
