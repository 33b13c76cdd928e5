"""Settings that are legal and wrong: the index answers, and a run reads no row."""

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from exporter.estimates.cost import Assumptions
from exporter.estimates.estimator import estimate
from exporter.planning.format_guess import guessed_format
from exporter.planning.sort_key import SortKey
from exporter.run.request import request_from_options

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
DAY = {"start": "2026-02-16", "end": "2026-02-16"}


def planned_warnings(table, **options):
    settings = table.settings()
    return estimate(settings, request_from_options(settings, NOW, **options), Assumptions(), NOW).warnings


@pytest.mark.parametrize(
    ("kind", "date_format", "keys", "advice"),
    [
        (
            "N",
            "EPOCH",
            ["1771236000000", "1771236001000"],
            "EPOCH_MILLIS reads 2 of them. Set DATE_FORMAT=EPOCH_MILLIS.",
        ),
        ("N", "EPOCH_MILLIS", ["1771236000"], "EPOCH reads 1 of them. Set DATE_FORMAT=EPOCH."),
        ("N", "EPOCH", ["20260216100000"], "%Y%m%d%H%M%S reads 1 of them. Set DATE_FORMAT=%Y%m%d%H%M%S."),
        ("S", "%Y%m%d", ["2026-02-16"], "ISO reads 1 of them. Set DATE_FORMAT=ISO."),
        ("S", "EPOCH", ["2026-02-16T10:00:00Z"], "ISO reads 1 of them. Set DATE_FORMAT=ISO."),
        ("S", "ISO", ["2026-02-16T10:00:00Z#c-1"], "ISO* reads 1 of them. Set DATE_FORMAT=ISO*."),
        ("S", "ISO", ["16/02/2026 10:00:00"], "%d/%m/%Y %H:%M:%S reads 1 of them. Set DATE_FORMAT=%d/%m/%Y %H:%M:%S."),
        ("S", "ISO", ["20260216T100000Z"], "%Y%m%dT%H%M%S%z reads 1 of them. Set DATE_FORMAT=%Y%m%dT%H%M%S%z."),
        (
            "S",
            "ISO",
            ["02/03/2026"],
            "%d/%m/%Y reads 1 of them. Set DATE_FORMAT=%d/%m/%Y, or %m/%d/%Y, which reads as many: look at the data.",
        ),
        (
            "S",
            "ISO",
            ["yesterday"],
            "No known format reads them. Set DATE_FORMAT to the strptime pattern of these keys.",
        ),
    ],
)
@pytest.mark.parametrize("options", [DAY, {"everything": True}])
def test_a_wrong_format_fails_the_run_and_names_the_right_one(scene, kind, date_format, keys, advice, options):
    """An index of items without any readable date is a wrong DATE_FORMAT: nothing is published, the days stay owed."""
    table = scene(sort_type=kind, DATE_FORMAT=date_format, GSI_PK_VALUE="A")
    for number, text in enumerate(keys):
        table.put(f"{number}", text)
    entry = table.job(**options).run()
    assert entry.status == "failed"
    assert f"no item of index by-kind has a readable date: DATE_FORMAT is {date_format}" in entry.error
    assert entry.error.endswith(advice)
    assert table.keys() == []
    assert [str(day) for day in entry.owed] == (["2026-02-16"] if options is DAY else [])
    assert any(warning.endswith(advice) for warning in planned_warnings(table, **options))


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        ("20260216T233000Z#c-1", "%Y%m%dT%H%M%S%z*"),
        ("20260216T233000.250Z#c-1", "%Y%m%dT%H%M%S.%f%z*"),
        ("20260216T233000#c-1", "%Y%m%dT%H%M%S*"),
        ("20260216-1234", "%Y%m%d*"),
        ("2026/02/16 23:30:00Z", None),
    ],
)
def test_no_format_is_proposed_that_leaves_a_zone_unread(key, guess):
    """23:30 UTC is the next day in Auckland: a format that takes the Z for an ending would put it on the 16th."""
    found = guessed_format(pa.array([key]), SortKey("ISO", ZoneInfo("Pacific/Auckland"), "S", 2027))
    assert (found and found.date_format) == guess


def test_one_readable_item_anywhere_makes_an_empty_day_an_empty_day(scene):
    """A day without items succeeds where the index has a readable date on another day, next to unreadable ones."""
    table = scene(GSI_PK_VALUE="A")
    table.put("1", "2026-01-05T10:00:00Z")
    table.put("2", "nonsense")
    assert table.export(**DAY).rows == 0
    assert table.export(everything=True).withheld == 1


def test_an_empty_index_is_no_wrong_format(scene):
    """Nothing can be said of the format of an index without items; its values are named."""
    entry = scene(GSI_PK_VALUE="A").export(everything=True)
    assert entry.warnings == (
        "partition value A of Kind holds no item and has never held one: check its spelling and case (GSI_PK_VALUE)",
    )


def test_a_value_that_holds_nothing_is_named_until_it_has_held_something(scene):
    """A misspelt value is in the warnings of run and plan; one with items that came and went is not."""
    table = scene(GSI_PK_VALUE="A,a")
    table.put("1", "2026-02-16T10:00:00Z", "A")
    warning = (
        "partition value a of Kind holds no item and has never held one: check its spelling and case (GSI_PK_VALUE)"
    )
    assert warning in table.export(**DAY).warnings
    assert warning in planned_warnings(table, **DAY)
    table.put("2", "2026-02-16T11:00:00Z", "a")
    assert warning not in table.export(**DAY).warnings
    table.delete("2")
    assert warning not in table.export(**DAY).warnings
    assert warning not in planned_warnings(table, **DAY)


def test_a_value_with_items_on_other_days_holds_something(scene):
    """A value without items in the window is not named if the index has items of it."""
    table = scene(GSI_PK_VALUE="A,B")
    table.put("1", "2026-02-16T10:00:00Z", "A")
    table.put("2", "2026-01-16T10:00:00Z", "B")
    assert table.export(**DAY).warnings == ()
