"""An export that is not what DynamoDB wrote is refused by name, with and without workers, and no day is touched."""

import base64
import gzip
import hashlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.dynamodb.models.table_export import TableExport

from exporter.clients import Clients
from exporter.errors import ExportError, Interrupted
from exporter.run.table_export.exporting import export_to_read
from exporter.sources.table_export.exporting import completed_export, started_export

from .exported import DAYS


def md5(body):
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest())


class Objects:
    """The objects of an export, to be changed as somebody might who can write to its bucket."""

    def __init__(self, exported):
        self.s3, self.bucket = exported.table.s3, exported.export.bucket
        self.summary = exported.export.summary_key
        self.listed = self.summary.replace("manifest-summary", "manifest-files")

    def read(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def write(self, key, body):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def files(self):
        return [json.loads(line) for line in self.read(self.listed).splitlines()]

    def list(self, files, **summary):
        """Write both manifests with their checksums, so that nothing but what they say is wrong."""
        body = b"".join(json.dumps(file).encode() + b"\n" for file in files)
        self._sealed(self.listed, body)
        count = sum(file["itemCount"] for file in files)
        stated = json.loads(self.read(self.summary)) | {"itemCount": count} | summary
        self._sealed(self.summary, json.dumps(stated).encode())

    def _sealed(self, key, body):
        self.write(key, body)
        self.write(key.removesuffix(".json") + ".md5", md5(body))

    def replace(self, body):
        """Give the largest file another content, and the manifest the checksum of it."""
        files = sorted(self.files(), key=lambda file: -file["itemCount"])
        self.write(files[0]["dataFileS3Key"], body)
        files[0]["md5Checksum"] = md5(body).decode()
        self.list(files)

    def largest(self):
        return self.read(max(self.files(), key=lambda file: file["itemCount"])["dataFileS3Key"])


def other_md5(objects):
    files = objects.files()
    objects.list([*files[:-1], files[-1] | {"md5Checksum": md5(b"other").decode()}])


def no_md5(objects):
    objects.list([{name: value for name, value in file.items() if name != "md5Checksum"} for file in objects.files()])


def other_count(objects):
    """The counts of two files are exchanged, so that they still add up."""
    files = sorted(objects.files(), key=lambda file: file["itemCount"])
    files[0]["itemCount"], files[-1]["itemCount"] = files[-1]["itemCount"], files[0]["itemCount"]
    objects.list(files)


def listed_twice(objects):
    """Two files of as many items: one is listed twice and the other not at all, so the counts add up."""
    files = objects.files()
    objects.list([*files, files[-1]])


def elsewhere(objects):
    """A file of the same bucket that is readable and belongs to something else."""
    file = objects.files()[0]
    objects.write("private/data/other.json.gz", objects.read(file["dataFileS3Key"]))
    objects.list([file | {"dataFileS3Key": "private/data/other.json.gz"}, *objects.files()[1:]])


def upwards(objects):
    """A key that begins with the folder of another export."""
    file = objects.files()[0]
    key = file["dataFileS3Key"].replace("AWSDynamoDB/", "AWSDynamoDB/0")
    objects.write(key, objects.read(file["dataFileS3Key"]))
    objects.list([file | {"dataFileS3Key": key}, *objects.files()[1:]])


def of_another_export(objects):
    """Both manifests are genuine, and are those of an earlier export of the table; DynamoDB names their place."""
    objects.list(objects.files(), exportArn=f"{json.loads(objects.read(objects.summary))['exportArn']}-earlier")


def of_another_table(objects):
    """A summary that states the export asked for, and another table than the dataset's."""
    stated = json.loads(objects.read(objects.summary))
    objects.list(objects.files(), tableArn=f"{stated['tableArn']}-other")


def removed(objects):
    file = max(objects.files(), key=lambda file: file["itemCount"])
    objects.s3.delete_object(Bucket=objects.bucket, Key=file["dataFileS3Key"])


def other_bytes(file, before, after):
    """A file in which the first occurrence of some bytes is replaced."""
    text = gzip.decompress(file)
    assert before in text
    return gzip.compress(text.replace(before, after, 1))


ATTACKS = {
    "another md5": (other_md5, r"data/.*json\.gz is not what DynamoDB wrote: its MD5 is"),
    "no md5": (no_md5, r"data/.*json\.gz, and it is listed without md5Checksum"),
    "another count of items": (other_count, r"json\.gz holds \d items, the manifest says \d"),
    "a cut file": (lambda at: at.replace(at.largest()[:-9]), "is damaged: it ends before its gzip stream does"),
    "no gzip": (lambda at: at.replace(b'{"Item":{}}\n'), "json.gz is damaged"),
    "an empty object": (lambda at: at.replace(b""), "is damaged: it ends before its gzip stream does"),
    "a line that never ends": (lambda at: at.replace(gzip.compress(b" " * (33 << 20))), "is longer than 32 MiB"),
    "no line of JSON": (lambda at: at.replace(gzip.compress(b"nonsense\n" * 5)), "json.gz is damaged"),
    "a value that is no text": (lambda at: at.replace(other_bytes(at.largest(), b'"S":"', b'"S":"\xff')), "is damaged"),
    "a name that is no text": (lambda at: at.replace(other_bytes(at.largest(), b'"Id"', b'"\xffd"')), "is damaged"),
    "a value of no type": (lambda at: at.replace(other_bytes(at.largest(), b'{"S":"A"}', b"5")), "that is no item in"),
    "a value too deep": (
        lambda at: at.replace(other_bytes(at.largest(), b'{"S":"A"}', b'{"L":[' * 9999 + b"]}" * 9999)),
        "that is no item in",
    ),
    "a file twice": (listed_twice, r"data/.*json\.gz, and it is listed 2 times"),
    "a file of something else": (
        elsewhere,
        r"private/data/other\.json\.gz, and the files of this export are",
    ),
    "a file of another export": (upwards, "and the files of this export are below"),
    "the manifest of another export": (
        of_another_export,
        r"summary\.json is the manifest of export .*-earlier of",
    ),
    "the manifest of another table": (
        of_another_table,
        r"summary\.json is the manifest of .*-other; needed is",
    ),
    "a file that is gone": (removed, r"data/.*json\.gz"),
    "no file": (lambda at: at.list([], itemCount=10), "holds 10 items, and its files add up to 0"),
    "no time": (lambda at: at.list(at.files(), exportTime=""), "states no exportTime with a time zone"),
    "no checksum of a manifest": (
        lambda at: at.s3.delete_object(Bucket=at.bucket, Key=at.listed.removesuffix(".json") + ".md5"),
        r"manifest-files\.json has no \.md5 file",
    ),
}


def fault(exported, workers, arn=None):
    """Return why a backfill from the export has failed, or None."""
    try:
        return exported.publish(workers, arn).error
    except ExportError as error:  # of the conversion, before the run
        return str(error)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_dynamodb_did_not_write_is_refused(exported, in_process, attack):
    """The message names the file or the manifest and what was found; no row is published, by workers or without."""
    change, reason = ATTACKS[attack]
    change(Objects(exported))
    for workers in (None, 1):
        assert re.search(reason, fault(exported, workers) or "no fault")
        assert exported.table.days() == {}


def test_an_export_without_files_is_an_empty_table(exported, in_process):
    """An export of nothing publishes nothing, and is no fault."""
    Objects(exported).list([])
    for workers in (None, 1):
        assert (fault(exported, workers), exported.table.days()) == (None, {})


@pytest.fixture
def writing(monkeypatch):
    """An event that lets exports that are started from now on complete."""
    write, done = TableExport.run, threading.Event()

    def held(export):
        done.wait(60)
        write(export)

    monkeypatch.setattr(TableExport, "run", held)
    yield done
    done.set()


def test_an_export_that_is_under_way_is_waited_for(exported, writing):
    """While DynamoDB writes, nothing is read; when it has completed, its days are published."""
    table, client, target = exported.table, Clients("us-east-1").dynamodb, (exported.settings.bucket, "later")
    arn = started_export(client, table.table, target, {})["ExportArn"]
    status = lambda: client.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"]  # noqa: E731
    waited = []

    def wait(seconds):
        waited.append((seconds, status()))
        writing.set()
        while status() == "IN_PROGRESS":
            time.sleep(0.01)
        return False

    assert completed_export(client, table.table, arn, target, threading.Event(), wait).arn == arn
    assert waited == [(0.01, "IN_PROGRESS")]
    assert (fault(exported, None, arn), table.days()) == (None, DAYS)


def test_a_stop_while_an_export_is_under_way_names_it(exported, writing):
    """The export goes on in DynamoDB, and the message has the option that continues with it."""
    client, target = Clients("us-east-1").dynamodb, (exported.settings.bucket, "later")
    with pytest.raises(Interrupted, match=r"stopped while the export goes on; continue with --export-arn arn:aws"):
        completed_export(client, exported.table.table, None, target, threading.Event(), lambda _: True)


def test_an_export_that_failed_is_refused_with_its_reason(exported, in_process, monkeypatch):
    """DynamoDB's reason and code are in the message, and no day is touched."""

    def failing(export):
        export.status, export.failure_code, export.failure_message = "FAILED", "S3AccessDenied", "no access"

    monkeypatch.setattr(TableExport, "run", failing)
    client, table = Clients("us-east-1").dynamodb, exported.table
    arn = started_export(client, table.table, (exported.settings.bucket, "failed"), {})["ExportArn"]
    while client.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"] == "IN_PROGRESS":
        time.sleep(0.01)
    for workers in (None, 1):
        assert fault(exported, workers, arn) == (
            f"export {arn} is FAILED: no access (S3AccessDenied). Start another export"
        )
        assert table.days() == {}


def test_two_exports_at_once_end_with_the_later_one(exported, in_process):
    """One holds the lease and the other is refused; the older never replaces what the newer has published."""
    older, table = exported.export.arn, exported.table
    table.put("0", "2026-02-17T10:00:00Z")
    table.delete("1")
    newer = export_to_read(Clients("us-east-1"), exported.settings, None, threading.Event()).arn
    with ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(lambda arn: fault(exported, None, arn), (older, newer)))
    said = re.compile(r"holds the lease until|were read later")
    assert all(found is None or said.search(found) for found in faults), faults
    assert fault(exported, None, newer) is None
    assert "were read later" in fault(exported, None, older)
    assert table.days() == {
        "2026-02-15": ["3", "6", "9"], "2026-02-16": ["4", "7"], "2026-02-17": ["0", "2", "5", "8"],
    }  # fmt: skip
