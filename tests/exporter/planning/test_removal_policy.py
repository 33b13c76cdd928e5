"""When published days may go."""

import datetime as dt

import pytest

from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord
from exporter.errors import RemovalRefused
from exporter.planning.removal_policy import IndexState, RemovalPolicy, vanished_values

TODAY = dt.date(2026, 11, 20)
MOMENT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def manifest(rows: dict[str, dict[str, int]]) -> Manifest:
    return Manifest(
        dataset="d",
        location="s3://b/p/",
        time_zone="UTC",
        updated_at=MOMENT,
        days={
            dt.date.fromisoformat(day): DayRecord(
                day=day,
                objects=(ObjectRecord(key="k", etag="e", run_id="r", rows=sum(values.values()), bytes=1),),
                state="closed",
                read_at=MOMENT,
                rows_by_partition_value=values,
            )
            for day, values in rows.items()
        },
    )


def policy(*, accept_empty: bool = False, expires: int | None = None) -> RemovalPolicy:
    return RemovalPolicy(
        manifest({"2026-08-01": {"VOICE": 5}, "2026-11-18": {"VOICE": 5}}), TODAY, expires, accept_empty
    )


def refusal(guard: RemovalPolicy, day: dt.date, answer: IndexState) -> str | None:
    """Return why a day that came back empty may not be removed, or None where it may."""
    try:
        guard.check([day], answer)
    except RemovalRefused as refused:
        return str(refused)
    return None


def test_an_index_that_answers_nothing_removes_nothing():
    """If no partition value holds anything, published days stay and the reason names what to check."""
    with pytest.raises(RemovalRefused, match=r"2026-11-18 is published.*GSI_PK_VALUE.*--accept-empty"):
        policy().check([dt.date(2026, 11, 18)], "nothing")


def test_an_index_without_a_readable_date_removes_nothing():
    """Items without a readable day are not the deletion of all days: the reason names the date format."""
    with pytest.raises(RemovalRefused, match=r"2026-11-18 is published.*DATE_FORMAT.*--accept-empty"):
        policy().check([dt.date(2026, 11, 18)], "unreadable days")


def test_an_emptied_day_of_a_living_index_goes():
    """Where the index answers, an empty day has really become empty."""
    assert refusal(policy(), dt.date(2026, 11, 18), "readable days") is None


def test_days_older_than_the_ttl_stay():
    """Items that TTL has removed still happened."""
    with pytest.raises(RemovalRefused, match=r"expires_after_days \(90\)"):
        policy(expires=90).check([dt.date(2026, 8, 1)], "readable days")
    assert refusal(policy(expires=90), dt.date(2026, 11, 18), "readable days") is None


def test_a_day_that_ttl_has_begun_to_empty_stays_whole():
    """A shrunken reading of an expired day never replaces the fuller file; a recent day may shrink."""
    expired, recent = dt.date(2026, 8, 1), dt.date(2026, 11, 18)
    assert policy(expires=90).keeps(expired, 4)
    assert not policy(expires=90).keeps(expired, 5)
    assert not policy(expires=90).keeps(recent, 4)
    assert not policy(expires=90, accept_empty=True).keeps(expired, 0)


@pytest.mark.parametrize(
    ("etags", "in_objects", "rows", "kept"),
    [
        (["e"], 10, 5, False),
        (["other"], 10, 5, True),
        (["other"], 5, 5, False),
        ([], 0, 5, False),
        (["e", "second"], 10, 5, True),
    ],
)
def test_objects_that_no_record_describes_are_asked_themselves(etags, in_objects, rows, kept):
    """Where the manifest describes other objects than those that are there, their own rows protect an expired day."""
    assert policy(expires=90).keeps(dt.date(2026, 8, 1), rows, etags, lambda: in_objects) is kept


def test_a_lost_record_protects_as_well():
    """Without a manifest, or without the day in it, the object's own rows count."""
    bare = RemovalPolicy(None, TODAY, 90, accept_empty=False)
    assert bare.keeps(dt.date(2026, 8, 1), 3, ["e"], lambda: 10)
    assert not bare.keeps(dt.date(2026, 8, 1), 10, ["e"], lambda: 10)
    assert not bare.keeps(dt.date(2026, 11, 18), 3, ["e"], lambda: 10)


def test_accept_empty_means_it():
    """The operator's word overrides each guard: an empty index, one without dates, an expired day."""
    for answer in ("nothing", "unreadable days", "readable days"):
        assert refusal(policy(expires=90), dt.date(2026, 8, 1), answer) is not None
        assert refusal(policy(accept_empty=True, expires=90), dt.date(2026, 8, 1), answer) is None


def test_a_partition_value_that_is_gone_is_named():
    """A value that had rows before, and is not read or gives nothing now, is named with its former rows."""
    records = manifest({"2026-11-18": {"VOICE": 5, "CHAT": 7, "FAX": 0}, "2026-11-19": {"VOICE": 1}})
    assert vanished_values(records, records.days, ["VOICE", "CHAT"], ["CHAT"]) == {"VOICE": 6}
    assert vanished_values(records, records.days, ["VOICE"], ["VOICE", "CHAT"]) == {"CHAT": 7}
    assert vanished_values(None, records.days, ["VOICE"], ["VOICE"]) == {}
