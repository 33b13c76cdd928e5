"""Quarantined lines flow in; counts by reason and text for people flow out."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from exporter.quarantine.reader import Line, item_of
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.values.attribute_values import AttributeValue

Fate = Literal["withheld", "nulled"]

_FOUND = re.compile(r"; found .*|: ['\"].*", re.DOTALL)
_SHOWN = 300


@dataclass(frozen=True)
class QuarantinedRun:
    """The quarantined items of one run."""

    run_id: str
    withheld: int
    """Items, not lines: an item may have several reasons."""
    nulled: int
    reasons: Mapping[tuple[Fate, str], int]
    """(fate, reason without the value) -> lines."""

    def plain(self) -> dict[str, Any]:
        """Return the run as plain values."""
        reasons = [{"fate": fate, "reason": reason, "lines": count} for (fate, reason), count in self.reasons.items()]
        return {"run_id": self.run_id, "withheld": self.withheld, "nulled": self.nulled, "reasons": reasons}


def quarantined_run(run_id: str, lines: Iterable[Line], table_key: tuple[str, ...]) -> QuarantinedRun:
    """Return the counts of a run's lines, the most frequent reason first."""
    items: dict[Fate, set[bytes]] = {"withheld": set(), "nulled": set()}
    reasons: Counter[tuple[Fate, str]] = Counter()
    for line in lines:
        fate: Fate = "withheld" if line.is_withheld else "nulled"
        items[fate].add(key_digest(item_of(line), table_key))
        reasons[fate, short_reason(line.reason)] += 1
    return QuarantinedRun(run_id, len(items["withheld"]), len(items["nulled"]), dict(reasons.most_common()))


def short_reason(reason: str) -> str:
    """Return a reason without the value that it was found with, so that the same fault is counted once."""
    return _FOUND.sub("", reason)


def list_text(runs: Iterable[QuarantinedRun]) -> str:
    """Return runs for people."""
    lines: list[str] = []
    for run in runs:
        lines.append(f"{run.run_id}  {run.withheld:,} withheld, {run.nulled:,} nulled")
        lines += [f"  {count:>8,}  {fate:<8}  {reason}" for (fate, reason), count in run.reasons.items()]
    return "\n".join(lines) or "the quarantine is empty"


def line_text(line: Line) -> str:
    """Return one line for people; a long item is cut, `--json` shows it whole."""
    item = line.item if len(line.item) <= _SHOWN else line.item[:_SHOWN] + "..."
    return f"{line.day or 'withheld'!s:<10}  {line.reason}\n            {item}"


def key_text_of(item: Mapping[str, AttributeValue], table_key: tuple[str, ...]) -> str:
    """Return an item's primary key for people: `Id=42`."""
    return ", ".join(f"{name}={_value(item.get(name))}" for name in table_key)


def _value(value: AttributeValue | None) -> str:
    return "?" if value is None else str(value.S or value.N or value.B)
