"""A table export is verified against its manifests before anything of it is published."""

import base64
import gzip
import hashlib
import json
import threading
import tracemalloc
from collections import Counter

import pytest

from exporter.clients import Clients
from exporter.errors import SourceError
from exporter.planning.planner import Reach
from exporter.sources.description import SourceDescription
from exporter.sources.table_export.exporting import CompletedExport, completed_export
from exporter.sources.table_export.lines import bodies_of
from exporter.sources.table_export.manifests import ExportFile, read_files
from exporter.sources.table_export.source import ExportSource

ITEMS = [b'{"Id":{"S":"%d"}}' % number for number in range(5)]


class Bucket(dict):
    """Objects in memory."""

    bucket = "exports"

    def read(self, key):
        return (self[key], "etag") if key in self else None

    def chunks(self, key):
        body = self[key]
        yield from (body[at : at + 7] for at in range(0, len(body), 7))


def md5(body):
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def file_of(lines, **changes):
    """A bucket with one data file, and its entry in the manifest."""
    body = changes.pop("body", None) or gzip.compress(b"".join(line + b"\n" for line in lines))
    entry = {"key": "data.gz", "count": len(lines), "md5": md5(body)} | changes
    return Bucket({"data.gz": body}), ExportFile(entry["key"], entry["count"], entry["md5"])


def items_in(bucket, file):
    return [item for body in bodies_of(bucket, file) for item in json.loads(body)["Items"]]


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"Item":%s}' % item for item in ITEMS],
        [b'{ "Item": %s }' % item for item in ITEMS],
        [b'{"Item":%s}' % ITEMS[0], b'{"Item": %s}' % ITEMS[1], *(b'{"Item":%s}' % item for item in ITEMS[2:])],
    ],
    ids=["as AWS writes", "with spaces", "mixed"],
)
def test_lines_become_bodies_however_they_are_spaced(lines, monkeypatch):
    """Every item is in exactly one body, in the order of the file."""
    monkeypatch.setattr("exporter.sources.table_export.lines.BODY_BYTES", 40)
    assert items_in(*file_of(lines)) == [{"Id": {"S": f"{number}"}} for number in range(5)]


def test_an_item_that_looks_like_the_end_of_a_line_stays_whole():
    r"""The text `}\\n{"Item":` inside a string is escaped in JSON, and is not taken for a line's end."""
    text = '}\n{"Item":'
    line = json.dumps({"Item": {"Id": {"S": text}}}, separators=(",", ":")).encode()
    assert items_in(*file_of([line, line])) == [{"Id": {"S": text}}] * 2


def test_a_file_may_have_several_gzip_members_or_no_line():
    """Concatenated gzip members are one file; an empty file has no body."""
    lines = [b'{"Item":%s}\n' % item for item in ITEMS]
    body = gzip.compress(b"".join(lines[:2])) + gzip.compress(b"".join(lines[2:]))
    assert len(items_in(*file_of(lines, body=body))) == 5
    assert items_in(*file_of([])) == []


def test_a_damaged_file_is_refused_by_name():
    """Another checksum, another count of items, a cut and a broken stream: each says what was found and is an error."""
    lines = [b'{"Item":%s}' % item for item in ITEMS]
    body = gzip.compress(b"".join(line + b"\n" for line in lines))
    for changes, reason in (
        ({"md5": md5(b"other")}, "its MD5 is"),
        ({"count": 4}, "holds 5 items, the manifest says 4"),
        ({"body": body[:-12], "md5": ""}, "it ends before its gzip stream does"),
        ({"body": b"\x1f\x8b" + b"\x00" * 40, "md5": ""}, "is damaged"),
        ({"body": gzip.compress(b"nonsense\n"), "md5": ""}, "is damaged"),
    ):
        with pytest.raises(SourceError, match=reason):
            items_in(*file_of(lines, **changes))


def test_ten_thousand_files_of_a_line_are_read_once_each_in_little_memory():
    """Each file is fetched once and forgotten: all of them together take less than 4 MiB."""
    fetched = Counter()

    class Many(Bucket):
        def chunks(self, key):
            fetched[key] += 1
            return super().chunks("data.gz")

    bucket, one = file_of([b'{"Item":{"Id":{"S":"1"}}}'])
    files = [ExportFile(f"{number}.gz", 1, one.md5_checksum) for number in range(10_000)]
    source = ExportSource(Many(bucket), files, SourceDescription(("S",), "S", ("Id",), None, items=0), None, 4)
    tracemalloc.start()
    try:
        kinds = source.kinds(Reach(None, None, None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (kinds, len(fetched), set(fetched.values())) == ({"Id": {"S"}}, 10_000, {1})
    assert peak < 4 << 20


EXPORT = CompletedExport("arn:e", "arn:t", "b", "e/summary.json")


def manifests(**changes):
    """A bucket with the manifests of one export."""
    listed = json.dumps({"dataFileS3Key": "e/data/a.gz", "itemCount": 5, "md5Checksum": "x", "etag": "y"}).encode()
    summary = {
        "exportArn": "arn:e", "tableArn": "arn:t", "exportTime": "2026-02-20T00:00:00Z", "itemCount": 5,
        "manifestFilesS3Key": "e/files.json", "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT",
    } | changes  # fmt: skip
    stated = json.dumps(summary).encode()
    return Bucket(
        {
            "e/summary.json": stated, "e/summary.md5": md5(stated).encode(),
            "e/files.json": listed, "e/files.md5": md5(listed).encode(),
        }
    )  # fmt: skip


def test_manifests_have_to_agree_with_one_another():
    """Files that do not add up, another kind or format, a damaged or a missing manifest are refused."""
    summary, files = read_files(manifests(), EXPORT)
    assert ([file.key for file in files], summary.item_count) == (["e/data/a.gz"], 5)
    for bucket, reason in (
        (
            manifests(exportArn="arn:f"),
            "is the manifest of export arn:f of table arn:t; needed is that of export arn:e",
        ),
        (manifests(tableArn="arn:u"), "is the manifest of export arn:e of table arn:u; needed is that of export arn:e"),
        (manifests(itemCount=6), "holds 6 items, and its files add up to 5"),
        (manifests(exportType="INCREMENTAL_EXPORT"), "needed is FULL_EXPORT"),
        (manifests(outputFormat="ION"), "in ION"),
        (Bucket(manifests() | {"e/files.md5": b"x"}), "differs from the .md5 file"),
        (Bucket({"e/summary.json": b"{}", "e/summary.md5": md5(b"{}").encode()}), "is no manifest of a table export"),
        (Bucket(), "is missing"),
    ):
        with pytest.raises(SourceError, match=reason):
            read_files(bucket, EXPORT)


def test_an_export_of_another_table_or_without_recovery_is_refused(scene):
    """Point-in-time recovery that is off is said with the command that switches it on; a wrong ARN is said as such."""
    import dataclasses

    table = scene()
    table.put("1", "2026-02-16T09:00:00Z")
    for arn, reason in ((None, "point-in-time recovery is off"), ("arn:aws:none", "there is no export arn:aws:none")):
        job = table.job(everything=True)
        job.request = dataclasses.replace(job.request, source="table-export", export_arn=arn)
        job.__post_init__()
        entry = job.run()
        assert entry.status == "failed"
        assert reason in entry.error


def test_a_table_that_is_named_by_its_arn_is_exported(scene):
    """A dataset may name its table by ARN; an export that DynamoDB starts or has of that table is its own."""
    table = scene()
    table.dynamodb.update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table.put("1", "2026-02-16T09:00:00Z")
    arn = table.dynamodb.describe_table(TableName=table.table)["Table"]["TableArn"]
    client, target = Clients("us-east-1").dynamodb, (table.settings().bucket, "exports")
    begun = completed_export(client, arn, None, target, threading.Event(), lambda _: False)
    assert begun.table_arn == arn
    assert completed_export(client, arn, begun.arn, target, threading.Event()) == begun
    for other in (f"{arn}-b", arn.replace("us-east-1", "eu-west-1")):
        with pytest.raises(SourceError, match=f"is of {arn}, not of table {other}. Correct --export-arn"):
            completed_export(client, other, begun.arn, target, threading.Event())


def test_backfill_reads_an_export_and_never_replaces_newer_rows(scene, run):
    """`backfill --source table-export` publishes its window; an export from before days were read last is refused."""
    table = scene()
    table.dynamodb.update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for number in range(10):
        table.put(f"{number}", f"2026-02-{15 + number % 3}T09:00:00Z", "AB"[number % 2])
    window = ("--start", "2026-02-15", "--end", "2026-02-16")
    done = run(table, "backfill", "--source", "table-export", *window, "--json")
    assert done.returncode == 0, done.stderr
    assert table.days() == {"2026-02-15": ["0", "3", "6", "9"], "2026-02-16": ["1", "4", "7"]}
    arn = table.ledger()[-1].options["export_arn"]
    run(table, "export", "--start", "2026-02-15", "--end", "2026-02-15")
    again = run(table, "backfill", "--source", "table-export", "--export-arn", arn, "--force", *window)
    assert again.returncode == 1
    assert "2026-02-15 were read later" in again.stderr
