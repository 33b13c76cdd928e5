"""Random histories of items: writes, deletions and moves between days, and what an index shows of them, and when."""

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from changing import ask, item

DAYS_OF_GROUP = 3
TICK = dt.timedelta(seconds=37.5)
LAG = 6
"""Ticks after which an index shows a write: 225 s; the margin is 300 s."""

READING = 20
BEGIN = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
FIRST = dt.date(2026, 1, 1)


@dataclass(frozen=True)
class Change:
    """A write of one item: its day of the group and its number, or None where it is deleted."""

    at: int
    key: str
    old: tuple[int, int] | None
    new: tuple[int, int] | None
    sequence: int


@dataclass
class Group:
    """Histories on the same days."""

    number: int
    changes: list[Change] = field(default_factory=list)
    final: dict[str, tuple[int, int]] = field(default_factory=dict)

    def day(self, number: int) -> dt.date:
        return FIRST + dt.timedelta(days=DAYS_OF_GROUP * self.number + number)

    def image(self, key: str, value: tuple[int, int] | None) -> dict | None:
        if value is None:
            return None
        return item(key, f"{self.day(value[0])}T10:00:00Z", Number={"N": str(value[1])})

    def seen(self, chance: random.Random, day: int, moment: int) -> list[dict]:
        """Return the items of a day as the index shows them: an item's writes in order, each with its own delay."""
        shown: dict[str, tuple[int, int] | None] = {}
        delayed: set[str] = set()
        for change in self.changes:
            if change.at + LAG <= moment:
                shown[change.key] = change.new
            elif change.at <= moment and change.key not in delayed:
                if chance.random() < 0.5:
                    shown[change.key] = change.new
                else:
                    delayed.add(change.key)
        images = [self.image(key, value) for key, value in shown.items() if value is not None and value[0] == day]
        return [image for image in images if image is not None]


def random_group(chance: random.Random, number: int, histories: int) -> Group:
    group = Group(number)
    for history in range(histories):
        now: dict[str, tuple[int, int]] = {}
        at = 0
        for step in range(40):
            at += chance.randrange(1, 5)
            key = f"{number}-{history}-{chance.randrange(8)}"
            new = None if chance.random() < 0.25 else (chance.randrange(DAYS_OF_GROUP), step)
            old = now.get(key)
            if old is None and new is None:
                continue
            group.changes.append(Change(at, key, old, new, 1000 * number * histories + 1000 * history + step))
            if new is None:
                del now[key]
            else:
                now[key] = new
        group.final |= now
    group.changes.sort(key=lambda change: change.at)
    return group


def differences(scene: Any, groups: list[Group], table: str = "rows_live") -> dict[str, tuple[object, object]]:
    """Return key -> what a table of Athena shows and what there is, where they differ."""
    shown: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for year, month, day, key, number in ask(scene, f"SELECT year, month, day, id, number FROM {table}"):
        shown[str(key)].append((dt.date(int(year), int(month), int(day)), int(float(number))))
    held = {key: [(group.day(value[0]), value[1])] for group in groups for key, value in group.final.items()}
    return {
        key: (shown.get(key), held.get(key)) for key in shown.keys() | held.keys() if shown.get(key) != held.get(key)
    }
