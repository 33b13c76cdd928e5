"""QuickSight: the manifest of a target, and rows that an ingestion would drop."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from scenario import BUCKET

from dataset_model import Dataset, IndexSource, Target
from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord, TargetObject
from exporter.cli.quicksight import quicksight
from exporter.storage.object_store import Store
from exporter.targets import quicksight_manifest
from exporter.targets.quicksight_manifest import QuickSightManifest

NOW = dt.datetime(2026, 2, 20, tzinfo=dt.UTC)
SOURCE = IndexSource(table="calls", index="by-kind", partition_key="Kind", partition_values=("A",), sort_key="At")
FILE = """
name: calls
source: {table: calls, index: by-kind, partition_key: Kind, partition_values: [A], sort_key: At}
columns:
  - {name: id, attribute: Id, type: string}
  - {name: ended, attribute: Ended, type: timestamp}
targets:
  - {prefix: calls}
  - {format: FORMAT, prefix: qs-PREFIX, manifest: quicksight}
"""


class Days:
    """A target with day files that are put by hand, one row each."""

    def __init__(self, scene, tmp_path, format_name: str = "ndjson") -> None:
        self.s3, self.root = scene.s3, f"qs-{scene.prefix}"
        self.target = Target(format=format_name, prefix=self.root, manifest="quicksight")
        self.dataset = Dataset(name="calls", source=SOURCE)
        self.store = Store(scene.s3, BUCKET)
        self.manifest = Manifest(dataset="calls", location="s3://x/y/", time_zone="UTC", updated_at=NOW)
        self.quicksight = QuickSightManifest(self.dataset, self.target, self.store, tmp_path, lambda: None)

    def put(self, day: dt.date, row: str, state: str = "closed") -> None:
        key, header = self.target.key("calls", day), b"id\r\n" if self.target.format == "csv" else b""
        etag = self.store.write(key, header + row.encode())
        item = TargetObject(
            format=self.target.format, key=key, etag=etag, rows=1, bytes=1, columns=("id",), made_from=("e",)
        )
        published = ObjectRecord(key="k", etag="e", run_id="r", rows=1, bytes=1)
        record = DayRecord(day=day, objects=(published,), state=state, read_at=NOW, targets=(item,))
        self.manifest = self.manifest.model_copy(update={"days": self.manifest.days | {day: record}})

    def imported(self) -> tuple[dict, list[str], list[str]]:
        """Return the manifest, and the files and contents that QuickSight would read of it."""
        self.quicksight.publish(self.manifest)
        found = json.loads(self.s3.get_object(Bucket=BUCKET, Key=self.quicksight.key)["Body"].read())
        keys: list[str] = []
        for place in found["fileLocations"]:
            keys += [uri.removeprefix(f"s3://{BUCKET}/") for uri in place.get("URIs", ())]
            for uri in place.get("URIPrefixes", ()):
                keys += [one.key for one in self.store.objects(uri.removeprefix(f"s3://{BUCKET}/"))]
        texts = [self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys]
        return found, keys, texts


def test_a_manifest_names_the_folder_and_lies_outside_of_it(scene, tmp_path):
    """With JSON only `format` is allowed; the folder is named with its slash, and the manifest is not in it."""
    days = Days(scene(), tmp_path)
    days.put(dt.date(2026, 2, 16), '{"id":"a"}\n')
    found, keys, _ = days.imported()
    assert found == {
        "fileLocations": [{"URIPrefixes": [f"s3://{BUCKET}/{days.root}/calls/"]}],
        "globalUploadSettings": {"format": "JSON"},
    }
    assert days.quicksight.key == f"{days.root}/manifests/calls.json"
    assert keys == [f"{days.root}/calls/2026-02-16.json"]


@pytest.mark.parametrize(("format_name", "row"), [("ndjson", '{{"id":"{}"}}\n'), ("csv", '"a\r\n{}"\r\n')])
def test_closed_months_are_merged_when_there_are_more_files_than_a_manifest_holds(
    scene, tmp_path, monkeypatch, format_name, row
):
    """Day 41 of at most 40 imports: each row once, in at most 40 files with one header each; the days' files stay."""
    monkeypatch.setattr(quicksight_manifest, "MOST_FILES", 40)
    days = Days(scene(), tmp_path, format_name)
    first = dt.date(2026, 1, 1)
    for number in range(41):
        days.put(first + dt.timedelta(number), row.format(number), "open" if number == 40 else "closed")
    _, keys, texts = days.imported()
    assert len(keys) == 1 + 10  # January, and ten days of February
    rows = "".join(text.removeprefix("id\r\n") for text in texts)
    assert rows == "".join(row.format(number) for number in range(41))
    assert len(list(days.store.objects(f"{days.root}/calls/"))) == 41

    days.put(dt.date(2026, 1, 5), row.format("again"))
    before = keys[0]
    _, keys, texts = days.imported()
    assert keys[0] != before
    assert row.format("again") in texts[0]
    assert [one.key for one in days.store.objects(f"{days.root}/manifests/calls-months/")] == keys[:1]
    assert days.imported()[1] == keys


def test_months_with_an_open_day_are_merged_only_where_there_is_no_room(scene, tmp_path, monkeypatch):
    """An open day keeps its month apart, because it will change; a full manifest takes the month in all the same."""
    monkeypatch.setattr(quicksight_manifest, "MOST_FILES", 40)
    days = Days(scene(), tmp_path)
    for number in range(45):
        days.put(dt.date(2026, 1, 1) + dt.timedelta(number), f"{number}\n", "open" if number == 3 else "closed")
    _, keys, texts = days.imported()
    assert len(keys) == 1 + 14
    assert "".join(texts) == "".join(f"{number}\n" for number in range(45))
    monkeypatch.setattr(quicksight_manifest, "MOST_FILES", 44)
    for number in range(31, 45):  # February as well is closed and before the last month
        days.put(dt.date(2026, 1, 1) + dt.timedelta(number), f"{number}\n")
    days.put(dt.date(2026, 3, 1), "45\n")
    _, keys, texts = days.imported()
    assert len(keys) == 31 + 1 + 1
    assert sorted("".join(texts).split()) == sorted(str(number) for number in range(46))


@pytest.fixture
def calls(scene, tmp_path, monkeypatch):
    """Return a function that exports two calls in a format, one of them with microseconds."""

    def made(format_name: str, ended: str):
        table = scene()
        file = tmp_path / f"{table.prefix}.yaml"
        file.write_text(FILE.replace("FORMAT", format_name).replace("PREFIX", table.prefix))
        table.variables |= {"DATASET": str(file)}
        for name, value in table.variables.items():
            monkeypatch.setenv(name, value)
        table.put("a", "2026-02-16T10:00:00Z", Ended={"S": "2026-02-16T10:01:00Z"})
        table.put("b", "2026-02-16T10:00:00Z", Ended={"S": ended})
        table.put("c", "2026-02-16T10:00:00Z")
        table.export(start="2026-02-16", end="2026-02-16")
        return table

    return made


@pytest.mark.parametrize("format_name", ["ndjson", "csv"])
@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ("2026-02-16T10:01:00.123456Z", "ended: microseconds, where other times have milliseconds"),
        ("1850-02-16T10:01:00Z", "ended: a date before 1900 or after 2037"),
        ("2026-02-16T10:02:00.5Z", None),
    ],
)
def test_check_counts_rows_that_an_ingestion_would_drop(calls, format_name, ended, reason):
    """A time in another form, or outside the years that QuickSight takes, costs its row; others are imported."""
    table = calls(format_name, ended)
    assert table.s3.get_object(Bucket=BUCKET, Key=f"qs-{table.prefix}/manifests/calls.json")
    answer = CliRunner().invoke(quicksight, ["check"])
    if reason is None:
        assert answer.exit_code == 0
        assert answer.stdout == f"{format_name}: 3 rows, of which an ingestion would drop 0\n"
    else:
        extension = "json" if format_name == "ndjson" else "csv"
        assert answer.exit_code == 1
        assert answer.stdout == (
            f"{format_name}: 3 rows, of which an ingestion would drop 1\n"
            f"  1 rows: {reason} (first: qs-{table.prefix}/calls/2026-02-16.{extension}, row 2)\n"
        )
