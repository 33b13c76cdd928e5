"""The table that meets faults: three days, nine large items, and what must be true of it afterwards."""

DAYS = {"start": "2026-02-16", "end": "2026-02-18"}
ROWS = {f"{number:02}": f"2026-02-{16 + number % 3}" for number in range(9)}


def assert_exact(table):
    """Require that each item is published once, on its day, with its whole content."""
    assert {identity: row["_day"] for identity, row in table.rows().items()} == ROWS
    assert all(row["padding"] == row["id"][1] * 390_000 for row in table.rows().values())


def assert_untouched(table, entry, *said):
    """Require that a run failed with these words, owes its days, and left the old content alone."""
    assert entry.status == "failed"
    for words in said:
        assert words in entry.error
    assert [str(day) for day in entry.owed] == ["2026-02-16", "2026-02-17", "2026-02-18"]
    assert {identity: row["padding"] for identity, row in table.rows().items()} == {"00": "old"}
    assert entry in table.ledger()
