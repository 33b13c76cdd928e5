"""Manifests of the sales' folders: 1,000 files at most, with and without the right to list them."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.errors import StaleRun, StoreError
from exporter.sales.manifests import publish_manifest
from exporter.storage.object_store import StoredObject


class Memory:
    """A bucket in memory, because a thousand files over HTTP take longer than what is tried here."""

    bucket = "b"

    def __init__(self, *, listed: bool = True) -> None:
        self.held: dict[str, bytes] = {}
        self.listed = listed

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        if not self.listed:
            raise StoreError("may not list s3://b: access denied")
        found = sorted(self.held.items())
        yield from (StoredObject(key, f"e{len(body)}", len(body)) for key, body in found if key.startswith(prefix))

    def read(self, key: str) -> tuple[bytes, str] | None:
        return (self.held[key], f"e{len(self.held[key])}") if key in self.held else None

    def replace(self, key: str, body: bytes, seen: str | None) -> None:
        if (found := self.read(key)) != ((found and found[0], seen) if seen else None):
            raise StaleRun(key)
        self.held[key] = body

    def replace_with_file(self, key: str, file: Path, seen: str | None, *, content_type: str) -> None:
        assert (seen, content_type) == (None, "application/x-ndjson")
        self.held[key] = file.read_bytes()

    def download(self, found: StoredObject, file: Path) -> None:
        file.write_bytes(self.held[found.key])

    def remove(self, key: str, seen: str) -> None:
        assert seen == f"e{len(self.held[key])}"
        del self.held[key]

    def day(self, day: dt.date) -> None:
        self.held[f"quicksight/trends/{day}.json"] = b'{"date":"%s"}\n' % str(day).encode()

    def manifest(self) -> dict[str, list[str]]:
        (place,) = json.loads(self.held["quicksight/manifests/trends.json"])["fileLocations"]
        return place


LAST = dt.date(2026, 2, 15)


@pytest.mark.parametrize(("days", "first"), [(1_000, dt.date(2023, 5, 23)), (1_001, dt.date(2023, 5, 22))])
def test_day_1001_still_imports(days: int, first: dt.date) -> None:
    """1,000 days are imported by their folder; 1,001 are 33 copies of closed months and 15 days of February."""
    bucket = Memory()
    for number in range(days):
        bucket.day(first + dt.timedelta(number))
    bucket.held["quicksight/trends/notes.json"] = b"x"  # no day
    publish_manifest(bucket, "quicksight", "trends", LAST)
    if days == 1_000:
        assert bucket.manifest() == {"URIPrefixes": ["s3://b/quicksight/trends/"]}
        return
    uris = bucket.manifest()["URIs"]
    assert len(uris) == 48
    assert sum("/manifests/trends-months/" in uri for uri in uris) == 33
    assert uris[-1] == "s3://b/quicksight/trends/2026-02-15.json"
    rows = b"".join(bucket.held[uri.removeprefix("s3://b/")] for uri in uris).splitlines()
    assert rows == [b'{"date":"%s"}' % str(first + dt.timedelta(number)).encode() for number in range(1_001)]


def test_a_day_of_a_merged_month_that_is_written_again_is_merged_again() -> None:
    """The copy has the new row, and the copy before is gone."""
    bucket = Memory()
    for number in range(1_001):
        bucket.day(dt.date(2023, 5, 22) + dt.timedelta(number))
    publish_manifest(bucket, "quicksight", "trends", LAST)
    before = set(bucket.manifest()["URIs"])
    bucket.held["quicksight/trends/2024-01-05.json"] = b'{"date":"again"}\n'
    publish_manifest(bucket, "quicksight", "trends", LAST)
    (new,) = set(bucket.manifest()["URIs"]) - before
    assert b"again" in bucket.held[new.removeprefix("s3://b/")]
    assert sum("trends-months" in key for key in bucket.held) == 33


class WithAnother(Memory):
    """A bucket in which a run of another date writes its day and the manifest while the first one merges months."""

    other = None

    def replace_with_file(self, key: str, file: Path, seen: str | None, *, content_type: str) -> None:
        super().replace_with_file(key, file, seen, content_type=content_type)
        if (other := self.other) is not None:
            self.other = None
            self.day(other)
            publish_manifest(self, "quicksight", "trends", other)


@pytest.mark.parametrize("other", [dt.date(2026, 2, 16), dt.date(2024, 1, 5), dt.date(2023, 5, 21)])
def test_two_dates_at_once_are_both_in_the_manifest(other: dt.date) -> None:
    """The second writes its manifest while the first makes the copies of months: the last manifest has every day."""
    bucket = WithAnother()
    days = [day for number in range(1_003) if (day := dt.date(2023, 5, 22) + dt.timedelta(number - 1)) != other]
    for day in days:
        if day <= LAST:
            bucket.day(day)
    bucket.other = other
    publish_manifest(bucket, "quicksight", "trends", LAST)
    named = [bucket.held[uri.removeprefix("s3://b/")] for uri in bucket.manifest()["URIs"]]
    present = [body for key, body in sorted(bucket.held.items()) if key.startswith("quicksight/trends/")]
    assert b"".join(named) == b"".join(present)
    assert str(other).encode() in b"".join(named)


def test_a_manifest_that_others_write_all_the_time_is_no_success() -> None:
    """After five attempts the error says that the files are written and that the manifest may lack days."""

    class Busy(Memory):
        def replace(self, key: str, _body: bytes, _seen: str | None) -> None:
            raise StaleRun(key)

    bucket = Busy()
    bucket.day(LAST)
    with pytest.raises(
        StoreError, match=r"^the files of 2026-02-15 are written, and s3://b/quicksight/manifests/trends"
    ):
        publish_manifest(bucket, "quicksight", "trends", LAST)


def test_without_the_right_to_list_a_manifest_that_is_there_stays() -> None:
    """The first one names the folder; one that somebody has merged is not replaced by it."""
    bucket = Memory(listed=False)
    bucket.day(LAST)
    publish_manifest(bucket, "quicksight", "trends", LAST)
    assert bucket.manifest() == {"URIPrefixes": ["s3://b/quicksight/trends/"]}
    bucket.held["quicksight/manifests/trends.json"] = b'{"fileLocations": [{"URIs": ["x"]}]}'
    publish_manifest(bucket, "quicksight", "trends", LAST)
    assert bucket.manifest() == {"URIs": ["x"]}


@pytest.mark.parametrize("prefix", ["", "a/_b", "year=2026"])
def test_every_prefix_that_the_export_takes_has_its_manifest(prefix: str) -> None:
    """QUICKSIGHT_PREFIX allows names that a dataset file does not."""
    bucket = Memory()
    folder = "/".join(part for part in (prefix, "trends") if part)
    bucket.held[f"{folder}/2026-02-15.json"] = b"{}\n"
    publish_manifest(bucket, prefix, "trends", LAST)
    key = "/".join(part for part in (prefix, "manifests", "trends.json") if part)
    assert json.loads(bucket.held[key])["fileLocations"] == [{"URIPrefixes": [f"s3://b/{folder}/"]}]
