"""Calls and scorecards: the shipped files, through every way in, with transcripts that come early, late or never."""

import datetime as dt
import re
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from changing import ask, event, write, writer

from dataset_model import load_dataset
from exporter.derivations.awaited import AwaitedList, tried
from exporter.errors import SettingsError
from exporter.storage.object_store import Store

from .call_system import CALLS, DERIVED, HEARD, NOW, System, call, changed, heard, transcript


@pytest.fixture
def calls(scene, tmp_path, monkeypatch, aws):
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    if HEARD not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=HEARD)
    monkeypatch.setenv("TRANSCRIBE_BUCKET", HEARD)
    return System(scene(), tmp_path, "calls", "callId", "callTimestampUtc")


def test_a_call_has_the_documented_columns(calls):
    """Every column by name, with the attribute that it comes from; queue_id is a text."""
    heard("full", transcript("9.99", "61.2"))
    calls.put(call("full"))
    calls.export()
    assert calls.published() == [
        {
            "call_id": "full", "call_timestamp_utc": dt.datetime(2026, 2, 16, 10), "agent_id": "a-7",
            "agent_name": "Ada", "allocation": "auto", "direction": "Inbound", "file_name": "c-1.wav",
            "first_or_follow_up": "First", "medium": "Phone", "program": "P", "queue_id": "0012",
            "queue_name": "Sales", "session_id": "s-1", "site_id": "4", "site_name": "North", "tenant_id": "t",
            "s3_bucket": "recordings", "call_duration_seconds": 61.2, "call_duration_rule": "last_word",
            "answer_type": "Human", "transcript_s3_key": "transcripts/full.json",
        }
    ]  # fmt: skip


def test_stream_scan_and_index_give_the_same_rows(calls):
    """Value for value, with what is derived, quarantined or not there yet."""
    items = [call(name, f"2026-02-16T10:00:{number:02}Z") for number, name in enumerate(CALLS)]
    for name, content in CALLS.items():
        if content is not None:
            heard(name, content)
    calls.put(*items)
    calls.export()
    by_scan, nulled = calls.published(), calls.made.quarantine()
    calls.use("index", "by_index")
    calls.export()
    assert calls.published() == by_scan
    calls.use("scan", "streamed")
    write(calls, *(changed(number, one, None) for number, one in enumerate(items)))
    keys = [key for key in calls.made.keys("_changes/year=") if key.endswith(".parquet")]
    rows = [row for key in keys for row in calls.made.table_of(key).to_pylist()]
    streamed = [{name: row[name] for name in row if not name.startswith("_")} for row in rows]
    assert sorted(streamed, key=str) == by_scan
    assert {row["call_id"]: tuple(row[name] for name in DERIVED) for row in by_scan} == {
        "human": (75.5, "last_word", "Human", "transcripts/human.json"),
        "voicemail": (12.0, "last_word", "Voicemail", "transcripts/voicemail.json"),
        "short": (9.9, "last_word", "NoAnswer", "transcripts/short.json"),
        "audio": (40.0, "audio_duration", "Unknown", "transcripts/audio.json"),
        "silent": (None, "none", "Unknown", "transcripts/silent.json"),
        "broken": (None, "none", "Unknown", "transcripts/broken.json"),
        "none": (None, None, "Unknown", None),
    }
    assert [line["reason"].partition(";")[0] for line in nulled] == [
        "call_duration_seconds: derivation transcript.duration failed"
    ]


def test_a_late_transcript_changes_one_row(calls):
    """A call without a transcript is derived again when one has come; the other rows and other days stay."""
    heard("early", transcript("75.5"))
    write(calls, changed(1, call("early"), None), changed(2, call("late-1"), None))
    before = calls.live("call_id, call_duration_seconds, answer_type")
    assert before == [("early", "75.5", "Human"), ("late-1", None, "Unknown")]
    assert writer(calls, NOW).derive_again().waiting == 1
    heard("late-1", transcript("12.0", speakers=1))
    assert writer(calls, NOW + dt.timedelta(minutes=1)).derive_again().changed == 0  # not due yet
    again = writer(calls, NOW + dt.timedelta(minutes=6)).derive_again()
    assert (again.changed, again.waiting, again.settled) == (1, 0, 0)
    assert calls.live("call_id, call_duration_seconds, answer_type") == [
        ("early", "75.5", "Human"),
        ("late-1", "12.0", "Voicemail"),
    ]
    assert writer(calls, NOW + dt.timedelta(hours=1)).derive_again().changed == 0


def test_a_late_transcript_changes_the_same_row_by_each_way(calls):
    """Stream, scan and index, each before and after it came: equal in every column, and one row of three differs."""
    names = ", ".join(column.name for column in load_dataset("calls", {"TRANSCRIBE_BUCKET": HEARD}).columns)
    items = [call("w-early"), call("w-late", "2026-02-16T10:00:01Z"), call("w-never", "2026-02-16T10:00:02Z")]
    heard("w-early", transcript("75.5"))
    calls.put(*items)
    before, after = {}, {}
    for way, kind, table in (("scan",) * 3, ("index",) * 3, ("stream", "scan", "streamed")):
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        s3.delete_object(Bucket=HEARD, Key="transcripts/w-late.json")
        calls.use(kind, table)
        asked = f"SELECT {names} FROM {table}{'_live' if way == 'stream' else ''} WHERE year = 2026 ORDER BY call_id"
        if way == "stream":
            write(calls, *(changed(number, one, None) for number, one in enumerate(items)))
        else:
            calls.export()
        before[way] = ask(calls, asked)
        heard("w-late", transcript("12.0", speakers=1))
        if way == "stream":
            assert writer(calls, NOW + dt.timedelta(minutes=6)).derive_again().changed == 1
        else:
            assert not calls.made.job(now=NOW + dt.timedelta(hours=1)).run().error
        after[way] = ask(calls, asked)
    assert before["scan"] == before["index"] == before["stream"]
    assert after["scan"] == after["index"] == after["stream"]
    assert [new[-4:] for old, new in zip(before["scan"], after["scan"], strict=True) if new != old] == [
        ("12.0", "last_word", "Voicemail", "transcripts/w-late.json")
    ]
    assert [row[-4:] for row in before["scan"]] == [
        ("75.5", "last_word", "Human", "transcripts/w-early.json"),
        (None, None, "Unknown", None),
        (None, None, "Unknown", None),
    ]


def test_what_changes_later_wins_over_a_late_transcript(calls):
    """The row that is derived again stands between its own change and the item's next one."""
    old = call("late-2")
    write(calls, changed(1, old, None))
    write(calls, changed(2, call("late-2", direction={"S": "Outbound"}), old))
    heard("late-2", transcript("12.0", speakers=1))
    assert writer(calls, NOW + dt.timedelta(minutes=6)).derive_again().changed == 2
    assert calls.live("call_id, direction, answer_type") == [("late-2", "Outbound", "Voicemail")]


def test_the_retry_list_has_a_limit(calls):
    """After a week without a transcript the row is settled: it stays as it is, and is not looked at again."""
    write(calls, changed(1, call("never"), None))
    assert writer(calls, NOW + dt.timedelta(days=6)).derive_again().waiting == 1
    settled = writer(calls, NOW + dt.timedelta(days=7, seconds=1)).derive_again()
    assert (settled.changed, settled.waiting, settled.settled) == (0, 0, 1)
    heard("never", transcript("12.0"))
    assert writer(calls, NOW + dt.timedelta(days=8)).derive_again().changed == 0
    assert calls.live("call_id, call_duration_seconds") == [("never", None)]


def test_two_lists_of_the_same_row_are_one_attempt(calls):
    """A batch that comes again, and lists that were written at the same time, do not multiply."""
    for _ in range(3):
        write(calls, changed(1, call("twice"), None))
    assert len(calls.made.keys("_changes/_awaited/")) == 1
    listed = AwaitedList(Store(calls.made.s3, "reports"), calls.prefix)
    entries, _ = listed.read()
    listed.add([*entries, *entries])
    listed.flush()
    assert len(calls.made.keys("_changes/_awaited/")) == 2
    assert writer(calls, NOW).derive_again().waiting == 1
    assert len(calls.made.keys("_changes/_awaited/")) == 1


def test_rows_that_are_not_due_stay_listed_when_others_are_settled(calls):
    """What is left is stored under the name of its content, which may be the part that is being replaced."""
    write(calls, changed(1, call("old"), None))
    later = NOW + dt.timedelta(days=3)
    write(calls, event(2, later, call("new"), None, key="callId"))
    assert writer(calls, later).derive_again().waiting == 2
    listed = AwaitedList(Store(calls.made.s3, "reports"), calls.prefix)
    (new,) = (entry for entry in listed.read()[0] if '"new"' in entry.item)
    for entries in ([new], []):
        listed.add(entries)
        listed.flush()
    assert len(calls.made.keys("_changes/_awaited/")) == 2
    listed.replace(listed.read()[1], [new])
    assert [entry.item for entry in listed.read()[0]] == [new.item]
    assert len(calls.made.keys("_changes/_awaited/")) == 1


def test_two_programs_may_replace_the_list_at_once(calls):
    """Each stores what is left; a part that the other one has removed already is no failure."""
    write(calls, changed(1, call("both"), None))
    lists = [AwaitedList(Store(calls.made.s3, "reports"), calls.prefix) for _ in range(2)]
    seen = [listed.read() for listed in lists]
    for attempt, (listed, (entries, objects)) in enumerate(zip(lists, seen, strict=True)):
        listed.replace(objects, [tried(entry, NOW + dt.timedelta(minutes=attempt)) for entry in entries])
    assert len(lists[0].read()[0]) == 1


def test_a_damaged_list_is_named(calls, run):
    """`compact` says which object is not readable and what to do; nothing is written."""
    write(calls, changed(1, call("damaged"), None))
    key = f"{calls.prefix}/_changes/_awaited/damaged.ndjson"
    calls.made.s3.put_object(Bucket="reports", Key=key, Body=b'{"item": "{}", "at"')
    done = run(calls.made, "compact")
    assert done.returncode == 1
    assert f"s3://reports/{key} is not readable" in done.stderr
    calls.made.s3.delete_object(Bucket="reports", Key=key)
    assert run(calls.made, "compact").returncode == 0


def test_a_call_that_was_read_from_the_table_is_derived_again_too(calls):
    """A dataset with a stream lists what an export has read without a transcript; its days are closed."""
    write(calls)
    calls.put(call("read"))
    calls.export()
    assert calls.made.manifest().days[dt.date(2026, 2, 16)].state == "closed"
    heard("read", transcript("30.5"))
    assert writer(calls, NOW + dt.timedelta(minutes=6)).derive_again().changed == 1
    assert calls.live("call_id, answer_type") == [("read", "Human")]
    assert len(calls.published()) == 1


def test_without_a_stream_the_day_stays_open(calls):
    """A scheduled run reads the day again, until a week after it; a day further back is settled at once."""
    calls.put(call("open"), call("long-ago", "2026-02-10T10:00:00Z"))
    entry = calls.export()
    states = {day.isoformat(): record.state for day, record in calls.made.manifest().days.items() if record.rows}
    assert states == {"2026-02-10": "closed", "2026-02-16": "open"}
    assert (
        "derived values of 2026-02-16 may come later; these days stay open and are read again by the next scheduled run"
    ) in entry.warnings
    scheduled = calls.made.job(now=NOW + dt.timedelta(hours=1)).run()
    assert dt.date(2026, 2, 16) in {
        dt.date(*map(int, re.findall(r"\d+", one.partition))) for one in scheduled.partitions
    }


def test_deleted_calls_stay(calls):
    """`keep_deleted`: a REMOVE is not mirrored, by a person or by time to live; a change is."""
    one, two = call("kept"), call("changed")
    write(calls, changed(1, one, None), changed(2, two, None))
    handled = write(calls, changed(3, None, one), changed(4, call("changed", direction={"S": "Outbound"}), two))
    assert (handled.rows, handled.expired) == (1, 1)
    assert calls.live("call_id, direction") == [("changed", "Outbound"), ("kept", "Inbound")]


def test_a_day_that_is_read_again_keeps_what_was_deleted(calls):
    """Rows of the stream count for ever, and a day's file is not replaced by one with fewer rows."""
    write(calls, changed(1, call("streamed"), None), changed(2, None, call("streamed")))
    calls.put(call("a"), call("b"), call("c", "2026-02-17T10:00:00Z"))
    calls.export()
    for gone in ("a", "c"):
        calls.dynamodb.delete_item(TableName=calls.table, Key={"callId": {"S": gone}})
    entry = calls.export()
    assert any("keep_deleted keeps them as they are" in warning for warning in entry.warnings)
    assert [row for (row,) in calls.live("call_id")] == ["a", "b", "c", "streamed"]


def test_calls_without_the_bucket_of_transcripts_are_refused(calls):
    """TRANSCRIBE_BUCKET is asked for before anything is read."""
    del calls.made.variables["TRANSCRIBE_BUCKET"]
    with pytest.raises(SettingsError, match="TRANSCRIBE_BUCKET: expected the name of the bucket that holds the tran"):
        calls.settings()


QUESTION = """\
SELECT direction, answer_type, count(*) AS calls, avg(call_duration_seconds) AS average_seconds,
       count(*) FILTER (WHERE call_duration_seconds > 60) AS over_a_minute
FROM rows
WHERE year = 2026 AND month = 2 AND day = 16
GROUP BY direction, answer_type
ORDER BY direction, answer_type"""


def test_the_documented_question_has_its_answer(calls):
    """Count, mean duration and calls over a minute by direction and answer type of a day, as docs/calls.md asks."""
    for name, ends in {"q1": ("60.0",), "q2": ("60.1",), "q3": ("90.0",)}.items():
        heard(name, transcript(*ends))
    calls.put(call("q1"), call("q2"), call("q3", direction={"S": "Outbound"}), call("q4", direction={"S": "Outbound"}))
    calls.export()
    assert ask(calls, QUESTION) == [
        ("Inbound", "Human", "2", "60.05", "1"),
        ("Outbound", "Human", "1", "90.0", "1"),
        ("Outbound", "Unknown", "1", None, "0"),
    ]
    documented = Path("docs/calls.md").read_text()
    assert QUESTION.replace("FROM rows", "FROM gsi_dynamodb_athena_db.calls") in documented
