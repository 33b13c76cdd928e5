"""What `discover` proposes for values that were seen: date formats, names and types."""

import datetime as dt

import pytest

from dataset_model.columns.attribute_paths import AttributePath
from dataset_model.columns.types import ColumnType
from exporter.discovery.profile import AttributeProfile, sampled
from exporter.discovery.proposal import contradiction, proposed_format, proposed_type
from exporter.discovery.table_survey import IndexKeys
from exporter.values.attribute_values import AttributeValue


@pytest.mark.parametrize(
    ("kind", "values", "date_format"),
    [
        ("S", ["2026-02-16T09:58:00Z", "2026-02-16 10:00:00"], "ISO"),
        ("N", ["1771200000", "1771200001"], "EPOCH"),
        ("N", ["1771200000000"], "EPOCH_MILLIS"),
        ("S", ["1771200000"], "EPOCH"),
        ("N", ["20260216095800"], "%Y%m%d%H%M%S"),
        ("S", ["February 16, 2026 09:58:00 AM EST"], "HUMAN_READABLE"),
        ("S", ["16/02/2026 10:00:00"], "%d/%m/%Y %H:%M:%S"),
        ("S", ["02/16/2026 10:00:00"], "%m/%d/%Y %H:%M:%S"),
        ("S", ["2026-02-16T09:58:00Z#c-1", "2026-02-16T10:00:00Z#c-2"], "ISO*"),
        ("S", ["1771200000#c-1"], "EPOCH*"),
        ("S", ["20260216#c-1"], "%Y%m%d*"),
    ],
)
def test_the_date_format_is_guessed_from_the_sort_keys(kind, values, date_format):
    """The format that reads most keys wins; of those that read as many, the one that sorts by time."""
    keys = IndexKeys("t", "i", "Kind", "At", kind, ("Id",))
    assert proposed_format(values, keys, 2027)[0] == date_format


def test_an_ambiguous_date_says_so():
    """Day before month and month before day read the same keys: the reason asks to look."""
    keys = IndexKeys("t", "i", "Kind", "At", "S", ("Id",))
    assert "month before day would read as many" in proposed_format(["03/04/2026 10:00:00"], keys, 2027)[1]
    assert "none of 1 sort keys is readable" in proposed_format(["x"], keys, 2027)[1]


def test_members_of_a_map_are_named_as_a_file_writes_them():
    """The reason of a map lists paths that can be copied into the file, names with dots escaped; five are enough."""
    profile = AttributeProfile()
    profile.add(AttributeValue(M={"b": AttributeValue(S="x"), "a.c": AttributeValue(N="1")}), dt.date(2027, 12, 31))
    assert proposed_type("pay.load", profile)[1] == (
        r"1 values of type M; each member can be a column: pay\.load.a\.c, pay\.load.b"
    )
    profile.add(AttributeValue(M={name: AttributeValue(N="1") for name in "cdefg"}), dt.date(2027, 12, 31))
    assert proposed_type("p", profile)[1].endswith(r": p.a\.c, p.b, p.c, p.d, p.e, ...")


def test_values_inside_a_map_have_a_profile_of_their_own():
    """A declared path is held against the members at its end; a path that no item has is not judged."""
    items = [
        {"payload": AttributeValue(M={"seconds": AttributeValue(S="n/a")})},
        {"payload": AttributeValue(S="free text")},
    ]
    sample = sampled(items, dt.date(2027, 12, 31))
    inside = sample.profile(AttributePath.parse("payload.seconds"))
    assert inside is not None
    assert (inside.values, inside.kind) == (1, "S")
    assert contradiction(ColumnType("bigint"), inside) == "1 of 1 values are texts that are not numbers"
    assert sample.profile(AttributePath.parse("payload.minutes")) is None
    assert sample.profile(AttributePath.parse("other.minutes")) is None


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("Big", {"N": "9223372036854775808"}, "decimal(38,0)"),
        ("Vast", {"N": "1E+40"}, "string"),
        ("Both", {"N": "1234567890123456789.1234567890123456789"}, "decimal(38,19)"),
        ("Count", {"N": "-3"}, "bigint"),
        ("EndTime", {"N": "1771200000000"}, "timestamp"),
        ("Total", {"N": "1771200000"}, "bigint"),
        ("Nothing", {"NULL": True}, "string"),
        ("Blob", {"B": "AA=="}, "string"),
        ("Set", {"SS": ["a"]}, "json"),
    ],
)
def test_a_type_holds_what_was_seen(attribute, value, expected):
    """Numbers beyond 64 bits, times as numbers, NULL alone, binary and sets have the type that loses nothing."""
    profile = AttributeProfile()
    profile.add(AttributeValue(**value), dt.date(2027, 12, 31))
    assert str(proposed_type(attribute, profile)[0]) == expected


def test_numbers_that_no_decimal_holds_together_stay_text():
    """Twenty digits before the point of one number and twenty after that of another are more than 38."""
    profile = AttributeProfile()
    for number in ("12345678901234567890", "0.12345678901234567891"):
        profile.add(AttributeValue(N=number), dt.date(2027, 12, 31))
    column_type, reason = proposed_type("Amount", profile)
    assert str(column_type) == "string"
    assert reason == (
        "2 numbers, up to 20 decimals, 2 not exact as double; with 20 digits before the point more than a decimal holds"
    )


@pytest.mark.parametrize(
    ("declared", "value", "reason"),
    [
        ("bigint", "9223372036854775808", "1 of 1 values are beyond 64 bits"),
        ("bigint", "0.5", "1 of 1 values have a fraction"),
        ("decimal(5,2)", "1000", "1 of 1 values have more than 3 digits before the point"),
        ("decimal(5,2)", "0.125", "1 of 1 values have more than 2 decimals"),
        ("decimal(5,2)", "-999.99", None),
        ("bigint", "-9223372036854775808", None),
        ("double", "1E+40", None),
    ],
)
def test_a_number_beyond_its_declared_type_is_a_contradiction(declared, value, reason):
    """A second look at the table finds numbers that an export would null, because they are too fine or too large."""
    profile = AttributeProfile()
    profile.add(AttributeValue(N=value), dt.date(2027, 12, 31))
    assert contradiction(ColumnType.parse(declared), profile) == reason


def test_a_few_odd_values_do_not_decide():
    """Two bad texts among hundreds of times or numbers leave the type, and the reason mentions them."""
    times, numbers = AttributeProfile(), AttributeProfile()
    for number in range(398):
        times.add(AttributeValue(S=f"2026-02-16T10:00:{number % 60:02}Z"), dt.date(2027, 12, 31))
        numbers.add(AttributeValue(N=str(number)), dt.date(2027, 12, 31))
    for odd in (times, numbers):
        odd.add(AttributeValue(S="n/a"), dt.date(2027, 12, 31))
        odd.add(AttributeValue(S="soon"), dt.date(2027, 12, 31))
    column_type, reason = proposed_type("Ended", times)
    assert (str(column_type), "398 of 400 texts are ISO 8601 times" in reason) == ("timestamp", True)
    column_type, reason = proposed_type("Duration", numbers)
    assert (str(column_type), reason.endswith("; 2 of 400 values are no numbers")) == ("bigint", True)
    assert (
        contradiction(ColumnType.parse("boolean"), numbers) == "400 of 400 values are N, S, which boolean does not take"
    )
    numbers.add(AttributeValue(N="0.125"), dt.date(2027, 12, 31))
    assert contradiction(ColumnType.parse("decimal(5,2)"), numbers) is None
