"""Pieces are read at the same time and end in any order: every row is in its day all the same, once."""

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
from stubbed import FIRST, delayed, export, item

from exporter.planning.planner import Piece
from exporter.sources.index_source import QueriedIndex


def two_days() -> list[dict[str, Any]]:
    """Two days of A and B, each small enough to be one page, with keys that complete their days at once."""
    times = [FIRST + dt.timedelta(days=day, minutes=minute) for day in range(2) for minute in range(30)]
    return [item(number, "AB"[number % 2], f"{int(at.timestamp())}") for number, at in enumerate(times)]


@pytest.mark.parametrize("held_up", [{1}, {2}, {1, 2}])
def test_a_cached_page_is_read_with_the_first_days_of_its_value(aws, monkeypatch, held_up):
    """It holds rows of every day: taken by a later piece, it would leave the first day to be published without them."""
    delayed(
        monkeypatch,
        lambda number: 0.2 if number in held_up else 0.0,
        lambda number: 0.8 if number > 3 else 0.0,  # those of the second day
    )
    prefix = f"cached_{'_'.join(map(str, held_up))}"
    entry, _ = export(two_days(), prefix, monkeypatch, "EPOCH", start="2026-01-01", end="2026-01-02")
    assert (entry.status, entry.rows) == ("succeeded", 60)
    assert [(part.partition[-6:], part.rows) for part in entry.partitions] == [("day=01", 30), ("day=02", 30)]


def test_rows_that_come_after_their_day_fail_the_run(aws, monkeypatch):
    """Whatever brings them: the day is not replaced by the rest of itself, and it is owed."""
    delayed(monkeypatch, lambda number: 1.0 if number > 3 else 0.0, lambda _: 0.0)
    claim = QueriedIndex._claim

    def later(self: QueriedIndex, piece: Piece) -> None:
        if piece.order[1] == 1:
            self._claimed[piece.order] = b""
        else:
            claim(self, piece)

    monkeypatch.setattr(QueriedIndex, "_claim", later)
    entry, _ = export(two_days(), "too_late", monkeypatch, "EPOCH", start="2026-01-01", end="2026-01-02")
    assert entry.status == "failed"
    assert "rows of 2026-01-01 were read after that day had been written" in entry.error
    assert dt.date(2026, 1, 1) in entry.owed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_no_row_is_lost_whatever_is_held_up(aws, monkeypatch, seed):
    """Values of none, one, a page and several pages a day, over days with and without them; any piece may be late."""
    chance = random.Random(seed)
    begin, arrive = ([chance.choice((0.0, late)) for _ in range(200)] for late in (0.15, 0.4))
    delayed(monkeypatch, lambda number: begin[number % 200], lambda number: arrive[number % 200])
    date_format, spelled = chance.choice((("EPOCH", "%s"), ("EPOCH", "%s"), ("ISO", "%Y-%m-%dT%H:%M:%SZ")))
    made: list[dict[str, Any]] = []
    for kind in "ABC":
        most = chance.choice((1, 5, 20, 400))
        for day in range(3):
            for _ in range(chance.randrange(most + 1)):
                at = FIRST + dt.timedelta(days=day, seconds=chance.randrange(86_400))
                text = f"{int(at.timestamp())}" if spelled == "%s" else f"{at:{spelled}}"
                made.append(item(len(made), kind, text) | {"Day": {"S": f"{at:%d}"}})
    expected = Counter(f"day={found['Day']['S']}" for found in made)
    entry, _ = export(made, f"held_up_{seed}", monkeypatch, date_format, start="2026-01-01", end="2026-01-03")
    assert (entry.status, entry.rows) == ("succeeded", len(made))
    assert [(part.partition[-6:], part.rows) for part in entry.partitions] == sorted(expected.items())
