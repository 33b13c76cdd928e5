"""Random histories of a table: after its changes and an export, the rows are those of the table."""

import itertools
import os
import random

import pytest

from .nights import HOUR, MINUTE, Night, scan

HISTORIES = int(os.environ.get("CHANGE_HISTORIES", "1"))


@pytest.fixture
def night(scene, monkeypatch):
    """A night of a new table."""
    return Night(scene(), monkeypatch)


class History:
    """Random writes, moves and deletions over three nights, one of them missed, with days read in between."""

    def __init__(self, night, seed):
        self.night, self.table, self.chance = night, night.table, random.Random(seed)
        self.alive, self.numbers = {}, itertools.count(100)

    def write(self, key, day, kind="A"):
        """Put an item that differs from every one before."""
        self.alive[key] = (day, kind)
        at = f"2026-02-{day:02}T{self.chance.randrange(24):02}:00:00Z"
        self.table.put(key, at, kind, Note={"S": str(next(self.numbers))})

    def step(self):
        """Do one thing."""
        key, (day, kind) = self.chance.choice(sorted(self.alive.items()))
        other = self.chance.randint(10, 15)
        match self.chance.randrange(8):
            case 0:
                self.write(f"{next(self.numbers)}n", other)
            case 1 if kind != "C":
                self.write(key, day, kind)
            case 2 | 3:
                self.write(key, other, self.chance.choice("AB"))
            case 4:
                self.write(key, other, "C")  # leaves the index
            case 5:
                item = {"Id": {"S": key}, "Kind": {"S": "A"}, "At": {"S": "someday"}}
                self.table.dynamodb.put_item(TableName=self.table.table, Item=item)
                self.alive[key] = (10, "C")
            case 6 if len(self.alive) > 1:
                self.table.delete(key)
                del self.alive[key]
            case _:
                self.night.export(start=f"2026-02-{other}", end=f"2026-02-{other}")

    def play(self):
        """Play it, with `changes` and an export after each night that is not missed."""
        for number in range(12):
            self.write(f"{number:02}", self.chance.randint(10, 15))
        self.night.later(5 * MINUTE)
        self.night.export(start="2026-02-10", end="2026-02-15")
        for hours in (20, 50, 22):
            for _ in range(self.chance.randint(3, 8)):
                self.night.later(self.chance.choice((1, 7, 90)) * MINUTE)
                self.step()
            self.night.later(hours * HOUR)
            self.night.changes()
            self.night.later(10 * MINUTE)
            self.night.export()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_after_changes_and_an_export_the_table_is_the_truth(night, seed):
    """Whatever was written, moved, deleted or late, and whenever a day was read, every row is as in the index."""
    history = History(night, seed)
    history.play()
    expected = {key: f"2026-02-{day}" for key, (day, kind) in history.alive.items() if kind != "C"}
    assert {key: day for key, (day, _) in night.published().items()} == expected
    notes = {item["Id"]["S"]: item["Note"]["S"] for item in scan(night.table) if item["Id"]["S"] in expected}
    assert {key: note for key, (_, note) in night.published().items()} == notes
