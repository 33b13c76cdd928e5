"""Statements asked of two engines, what differed, and whether the difference is explained."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from conformance.cells import differences
from conformance.outcome import Outcome

EXPLAINED = Path(__file__).parent / "corpora" / "explained.yaml"
ENGINES_AT_ONCE = 3
SECONDS_BETWEEN_LINES = 10


@dataclass(frozen=True)
class Case:
    """One statement with its database and parameters; `label` says where it comes from."""

    label: str
    sql: str
    database: str = "reports"
    parameters: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class Difference:
    """A case in which the two sides do not say the same."""

    case: Case
    engine: Outcome
    """What Athena's engine says."""
    other: Outcome
    notes: tuple[str, ...]
    why: str | None = None
    """The explanation; None where there is none."""


@dataclass
class Part:
    """One comparison as the report shows it."""

    title: str
    other: str
    """What Athena's engine is compared with."""
    statements: int = 0
    tables: set[str] = field(default_factory=set)
    cells: int = 0
    differences: list[Difference] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    """Explained statements that no longer differ."""

    @property
    def unexplained(self) -> list[Difference]:
        """Differences without an explanation."""
        return [difference for difference in self.differences if difference.why is None]

    def compare(
        self, case: Case, engine: Outcome, other: Outcome, explained: dict[str, str], *, exact: bool = False
    ) -> None:
        """Count a case and keep what differs."""
        self.statements += 1
        self.cells += max(engine.cells, other.cells, 1)
        notes = differences(engine, other, ordered=case.ordered, exact=exact)
        why = explained.get(case.sql)
        if notes:
            self.differences.append(Difference(case, engine, other, tuple(notes), why))
        elif why:
            self.stale.append(case.sql)


def explanations(part: str) -> dict[str, str]:
    """Return the explained statements of a part, each with its reason."""
    groups = (yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or {}).get(part) or []
    return {sql: group["why"] for group in groups for sql in group["statements"]}


def asked(cases: Sequence[Case], *sides: Callable[[Case], Outcome]) -> Iterable[tuple[Case, tuple[Outcome, ...]]]:
    """Ask each side each case, a few at once, and yield the outcomes in order; say how far it is on standard error."""
    spoken = time.monotonic()
    with ThreadPoolExecutor(ENGINES_AT_ONCE) as pool:
        outcomes = pool.map(lambda case: tuple(side(case) for side in sides), cases)
        for place, (case, outcome) in enumerate(zip(cases, outcomes, strict=True), 1):
            if time.monotonic() - spoken >= SECONDS_BETWEEN_LINES:
                print(f"  {place:,} of {len(cases):,} statements", file=sys.stderr, flush=True)
                spoken = time.monotonic()
            yield case, outcome
