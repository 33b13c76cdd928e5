"""Changes of datasets with items that expire: what a person deletes goes, what time to live removes stays."""

import pytest
from changing import ask

from .nights import DAY, HOUR, Night, closed, expiring, states


@pytest.fixture
def night(scene, monkeypatch, tmp_path):
    """A night of a table with items that expire after four days; its files are stamped, all days are closed."""
    table = expiring(scene(), tmp_path)
    found = Night(table, monkeypatch)
    found.later(HOUR)
    found.changes()
    found.table.put("x", "2026-02-13T11:00:00Z", Note={"S": "0"})
    closed(found)
    found.later(HOUR)
    found.changes()
    assert states(found) == []
    return found


def live(night):
    """Return the ids that the view shows, sorted."""
    return sorted(str(row[0]) for row in ask(night.table, "SELECT id FROM rows_live"))


def test_a_day_that_has_expired_since_its_window_stays_closed(night):
    """A window is read some nights late: the day could not be read again any more, and every export would refuse it."""
    night.table.delete("d")  # of 13 February, on the 16th
    night.later(4 * DAY)
    night.changes()
    assert states(night) == []
    night.export()
    assert "d" not in live(night)


def test_a_deleted_item_stays_deleted_when_its_expired_day_is_read_again(night):
    """Rows that time to live has removed are kept in the new file; a row that a person has deleted before is not."""
    night.table.delete("d")  # on the 16th: a deletion
    night.later(HOUR)
    night.changes()
    assert "d" not in live(night)
    night.later(4 * DAY)
    night.table.delete("x")  # on the 20th: time to live, as far as an export says
    for key in "yz":
        night.table.put(key, "2026-02-13T12:00:00Z", Note={"S": "late"})
    night.changes()
    night.export(start="2026-02-13", end="2026-02-13")
    assert [key for key in live(night) if key in "dxyz"] == ["x", "y", "z"]
    assert sorted(key for key in night.published() if key in "dxyz") == ["x", "y", "z"]
