"""The CSV files of conversations in manifest and ledger, and what `verify` and `doctor` find of them."""

import datetime as dt

import boto3
import pytest

import exporter.conversations.normalize as step
from exporter.audit.doctor import examine
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.clients import Clients
from exporter.conversations.reports import write_report
from exporter.conversations.settings import conversation_settings
from exporter.errors import ExportError
from exporter.storage.object_store import Store
from exporter.storage.records import Records

NOW = dt.datetime(2026, 2, 17, 4, 30, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 2, 17, 6, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 16)
FOLDER = "reports/etl-process1"
FIRST = f"{FOLDER}/messages_2026-02-17T04-30-00.csv"


def of(talks, dataset: str = "messages"):
    """Return the settings of a dataset, and its records."""
    found = {one.dataset.name: one for one in conversation_settings(talks.variables).datasets}[dataset]
    return found, Records(Store(Clients("us-east-1").s3, found.bucket), found.prefix)


def verified(talks, dataset: str = "messages") -> dict[int, tuple[int | None, list[str]]]:
    """Return day of the month -> rows in its CSV file, and what does not agree, of days that are published."""
    done = Verifier(of(talks, dataset)[0], VerifyRequest(None, athena=False), clock=lambda: LATER).run()
    return {
        one.day.day: (one.report_rows, [text.replace(f"{talks.prefix}/", "") for text in one.disagreements])
        for one in done.days
        if one.rows
    }


def found(talks) -> list[tuple[str, str]]:
    """Return what `doctor` finds of the CSV files of messages."""
    findings = [one for one in examine(of(talks)[0], LATER) if one.kind == "report"]
    return [(one.where, one.found.replace(f"{talks.prefix}/", "")) for one in findings]


def test_each_file_is_in_manifest_and_ledger_and_is_counted(talks):
    """A run over two days: each day names the one file and its own rows; the ledger names file, rows and days."""
    talks.normalize(all=True)
    _, records = of(talks)
    manifest, (entry, *_) = records.manifest(), list(records.runs(1))
    assert (manifest.reports.prefix, manifest.reports.since) == (f"{talks.prefix}/{FOLDER}", NOW)
    recorded = {day.day: (one.report.key, one.report.rows) for day, one in manifest.days.items()}
    assert recorded == {15: (f"{talks.prefix}/{FIRST}", 1), 16: (f"{talks.prefix}/{FIRST}", 2)}
    (file,) = entry.reports
    assert (file.uri, file.rows) == (f"s3://reports/{talks.prefix}/{FIRST}", 3)
    assert file.days == (dt.date(2026, 2, 15), DAY)
    assert file.bytes == len(talks.body(FIRST))
    assert verified(talks) == {15: (1, []), 16: (2, [])}
    assert {day: rows for day, (rows, _) in verified(talks, "conversations").items()} == {15: 1, 16: 2}
    assert found(talks) == []


def test_a_file_that_is_changed_or_removed_is_found(talks):
    """`verify` counts its rows of the day again, `doctor` sees another ETag; a file without the columns is named."""
    talks.normalize()
    again = "`exporter normalize --start 2026-02-16 --end 2026-02-16` writes another"
    text = talks.body(FIRST).decode()
    for body, count, of_rows in (
        (text.rsplit("\r\n", 2)[0] + "\r\n", 1, f"{FIRST} holds 1 rows of the day, the manifest says 2"),
        ("a,b\r\n1,2\r\n", None, f"{FIRST} is no CSV file with the dataset's columns; {again}"),
    ):
        talks.s3.put_object(Bucket="reports", Key=f"{talks.prefix}/{FIRST}", Body=body)
        changed = f"{FIRST} has changed since the manifest was written: another ETag; {again}"
        assert verified(talks) == {16: (count, [changed, of_rows])}
        assert found(talks) == [("2026-02-16", changed)]
    talks.s3.delete_object(Bucket="reports", Key=f"{talks.prefix}/{FIRST}")
    assert verified(talks) == {16: (None, [f"{FIRST} is not in the bucket; {again}"])}
    talks.normalize(LATER, startDate="2026-02-16", endDate="2026-02-16")
    assert verified(talks) == {16: (2, [])}


def test_a_run_that_dies_before_its_file_leaves_it_to_the_next_one(talks, monkeypatch):
    """Published and no CSV: `verify` says so, and the next run, of another day, writes the rows of both days."""

    def dying(settings, *about):
        if settings.dataset.name == "messages":
            raise ExportError("the machine is gone")
        return write_report(settings, *about)

    monkeypatch.setattr(step, "write_report", dying)
    with pytest.raises(ExportError, match="messages is published, and its CSV is not written: the machine is gone"):
        talks.normalize()
    monkeypatch.setattr(step, "write_report", write_report)
    missing = f"no CSV file in {FOLDER}/ has the day's rows; the next `exporter normalize` writes one"
    assert (verified(talks), found(talks)) == ({16: (None, [missing])}, [("2026-02-16", missing)])
    talks.put("talk-9", "2026-02-18T10:00:00Z", ("user", "Thanks"))
    done = talks.normalize(dt.datetime(2026, 2, 19, 4, 30, tzinfo=dt.UTC), startDate="2026-02-18", endDate="2026-02-18")
    assert talks.body(f"{FOLDER}/{done['csv']['messages'].rpartition('/')[2]}").count(b"\r\n") == 1 + 2 + 1
    assert {day: rows for day, (rows, _) in verified(talks).items() if rows} == {16: 2, 18: 1}
    assert verified(talks)[16] == (2, [])


def test_a_day_that_was_put_by_hand_has_that_file(talks):
    """The manifest names the file of the person; `verify` counts its rows of each day."""
    talks.normalize()
    text = talks.body(FIRST).decode()
    talks.hand_in("messages_2.csv", text.replace("talk-1,2,", "talk-1,5,"))
    recorded = of(talks)[1].manifest().days[DAY].report
    assert (recorded.key, recorded.rows) == (f"{talks.prefix}/{FOLDER}/messages_2.csv", 2)
    assert verified(talks)[16][0] == 2
    talks.s3.put_object(Bucket="reports", Key=recorded.key, Body=text + text.partition("\r\n")[2])
    assert f"{FOLDER}/messages_2.csv holds 4 rows of the day, the manifest says 2" in verified(talks)[16][1]


def test_a_dataset_without_the_column_of_its_day_is_compared_by_etag(talks, tmp_path, repository):
    """Its file does not say which row is of which day: only a changed or a missing file is found."""
    shipped = (repository / "datasets" / "messages.yaml").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "messages.yaml"
    file.write_text("\n".join(line for line in shipped if "name: started_at" not in line), encoding="utf-8")
    talks.variables["DATASET"] = str(file)
    talks.normalize()
    assert verified(talks) == {16: (None, [])}
    talks.s3.delete_object(Bucket="reports", Key=f"{talks.prefix}/{FIRST}")
    ((_, (missing,)),) = verified(talks).values()
    assert missing.startswith(f"{FIRST} is not in the bucket; ")


def test_a_plain_export_takes_the_file_of_its_reading_from_the_next_run(talks, monkeypatch, run):
    """`exporter export` of a day replaces its rows: the old file is none of them, and the next `normalize` adds one."""
    talks.normalize()
    before = of(talks)[1].manifest().days[DAY].report
    talks.put("talk-4", "2026-02-16T12:00:00Z", ("user", "Hello"))
    variables = {
        "S3_BUCKET": "reports", "S3_PREFIX": f"{talks.prefix}/curated/messages", "DATASET": "messages",
        "DYNAMO_TABLE_NAME": talks.table, "ATHENA_DATABASE": talks.variables["ATHENA_DATABASE"],
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", boto3.client("s3").meta.endpoint_url)
    done = run(talks, "export", "--start", "2026-02-16", "--end", "2026-02-16")
    assert done.returncode == 0, done.stderr
    assert of(talks)[1].manifest().days[DAY].report is None
    later = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(minutes=5)
    talks.normalize(later, startDate="2026-02-10", endDate="2026-02-10")
    after = of(talks)[1].manifest().days[DAY].report
    assert (before.rows, after.rows) == (2, 3)
    assert after.key != before.key
