"""The conversations' step: a table in, Parquet and CSV of both datasets out, and CSV files that people put by hand."""

import csv
import datetime as dt
import io
import json

import pytest

from exporter.conversations.handler import handler
from exporter.conversations.settings import conversation_settings
from exporter.conversations.uploaded_csv import keys_of_event, publish_all, publish_upload
from exporter.errors import ExportError, SettingsError, SourceError

NOW = dt.datetime(2026, 2, 17, 4, 30, tzinfo=dt.UTC)
BUCKET = "reports"
CONVERSATIONS = (
    "conversation_id,client,project_id,environment,channel,started_at,ended_at,messages,user_messages,bot_messages,"
    "agent_messages,duration_seconds,rating,feedback_text"
)
MESSAGES = (
    "conversation_id,message_number,message_id,role,text,intent,confidence,sent_at,client,project_id,environment,"
    "channel,started_at"
)


def test_one_step_writes_parquet_and_csv_of_the_day_before(talks):
    """`{}` at 04:30 reads 2026-02-16: Parquet of both datasets, and a CSV of each with the time in its name."""
    done = talks.normalize()
    assert {name: run["rows"] for name, run in done["runs"].items()} == {"conversations": 2, "messages": 2}
    assert talks.keys("curated/conversations/year=") == ["curated/conversations/year=2026/month=02/day=16/data.parquet"]
    assert talks.keys("curated/messages/year=") == ["curated/messages/year=2026/month=02/day=16/data.parquet"]
    assert talks.keys("reports/") == [
        "reports/etl-process1/conversations_2026-02-17T04-30-00.csv",
        "reports/etl-process1/messages_2026-02-17T04-30-00.csv",
    ]
    assert done["csv"]["messages"] == (
        f"s3://reports/{talks.prefix}/reports/etl-process1/messages_2026-02-17T04-30-00.csv"
    )
    assert talks.body("reports/etl-process1/conversations_2026-02-17T04-30-00.csv").decode() == (
        f"{CONVERSATIONS}\r\n"
        "talk-1,north-retail,shop,TEST,web,2026-02-16T10:00:00.000Z,2026-02-16T10:01:30.000Z,2,1,1,0,90.0,5,"
        '"Great!\nThanks"\r\n'
        "talk-2,north-retail,shop,TEST,,2026-02-16T11:00:00.000Z,,0,0,0,0,,,\r\n"
    )
    assert talks.body("reports/etl-process1/messages_2026-02-17T04-30-00.csv").decode() == (
        f"{MESSAGES}\r\n"
        "talk-1,1,talk-1-0,user,Where is my order?,,,,north-retail,shop,TEST,web,2026-02-16T10:00:00.000Z\r\n"
        'talk-1,2,talk-1-1,bot,"It ""left"", today.",,,,north-retail,shop,TEST,web,2026-02-16T10:00:00.000Z\r\n'
    )


def test_the_settings_of_the_installation_are_columns_of_every_row(talks):
    """CLIENT, PROJECT_ID and ENVIRONMENT win over the item; without CLIENT the item's own client is the value."""
    talks.normalize(startDate="2026-02-16", endDate="2026-02-16")
    assert {(row["client"], row["project_id"], row["environment"]) for row in talks.rows("messages")} == {
        ("north-retail", "shop", "TEST")
    }
    del talks.variables["CLIENT"]
    talks.normalize(dt.datetime(2026, 2, 17, 5, tzinfo=dt.UTC))
    assert [row["client"] for row in talks.rows("conversations")] == ["another", None]


def test_a_run_without_rows_writes_no_csv(talks):
    """A day that has none leaves no file that its readers would take for data."""
    done = talks.normalize(startDate="2026-02-10", endDate="2026-02-10")
    assert (done["status"], done["csv"], talks.keys("reports/")) == ("succeeded", {}, [])


def test_wrong_settings_are_named_together():
    """Bucket, region, a prefix inside the other one and an unknown dataset are one error, before any call."""
    with pytest.raises(SettingsError) as refused:
        conversation_settings({"CLEAN_PREFIX": "curated/csv", "DATASET": "conversations,nothing"})
    text = str(refused.value)
    assert "S3_BUCKET_NAME: expected the name of the bucket of data and reports; found nothing" in text
    assert "AWS_DEFAULT_REGION" in text or "AWS_REGION" in text
    assert "CLEAN_PREFIX: expected a prefix apart from CURATED_PREFIX (curated); found 'curated/csv'" in text
    assert "found 'nothing'" in text


def test_the_defaults_are_the_documented_prefixes():
    """`reports/etl-process1` and `curated`, the table `conversations`, both datasets."""
    found = conversation_settings({"S3_BUCKET_NAME": "b", "AWS_REGION": "us-east-1"})
    assert found.clean_prefix == "reports/etl-process1"
    assert [(one.dataset.name, one.prefix, one.dataset.source.table) for one in found.datasets] == [
        ("conversations", "curated/conversations", "conversations"),
        ("messages", "curated/messages", "conversations"),
    ]


def test_a_dataset_that_fails_does_not_keep_the_other_from_its_turn(talks):
    """The error names the failed one; the other one is published."""
    talks.s3.put_object(Bucket=BUCKET, Key=f"{talks.prefix}/curated/conversations/_schema.json", Body=b"{}")
    with pytest.raises(ExportError, match=r"^conversations failed: "):
        talks.normalize()
    assert talks.keys("curated/messages/year=") == ["curated/messages/year=2026/month=02/day=16/data.parquet"]


def test_a_csv_put_by_hand_replaces_the_days_of_its_rows(talks):
    """A corrected file: its rows are the day's rows, other days stay, and the next export goes on as before."""
    talks.normalize(all=True)
    name = "conversations_2026-02-17T04-30-00.csv"
    kept = talks.body(f"reports/etl-process1/{name}").decode().split("\r\n")
    corrected = "\r\n".join([kept[0], kept[2].replace(",5,", ",4,").replace("web", "app"), ""])
    (report,) = talks.hand_in("conversations_corrected.csv", "\ufeff" + corrected)
    assert (report["rows"], report["quarantined"]) == (1, 0)
    file = f"s3://reports/{talks.prefix}/reports/etl-process1/conversations_corrected.csv"
    assert report["warnings"] == [f"the rows of these days are those of {file}, which was put by hand"]
    (row,) = talks.rows("conversations")
    assert (row["conversation_id"], row["rating"], row["channel"], row["messages"]) == ("talk-1", 4, "app", 2)
    assert (row["feedback_text"], row["duration_seconds"]) == ("Great!\nThanks", 90.0)
    assert row["started_at"] == dt.datetime(2026, 2, 16, 10)
    assert [row["conversation_id"] for row in talks.rows("conversations", "15")] == ["talk-3"]
    talks.normalize(dt.datetime(2026, 2, 17, 6, tzinfo=dt.UTC), startDate="2026-02-16", endDate="2026-02-16")
    assert [row["rating"] for row in talks.rows("conversations")] == [5, None]


def test_messages_are_uploaded_as_well(talks):
    """A row of the file is a row of the table, also of the dataset with a row for each message."""
    talks.normalize()
    text = talks.body("reports/etl-process1/messages_2026-02-17T04-30-00.csv").decode()
    (report,) = talks.hand_in("messages_2.csv", text.replace("bot", "agent"))
    assert report["rows"] == 2
    assert [(row["message_number"], row["role"], row["client"]) for row in talks.rows("messages")] == [
        (1, "user", "north-retail"),
        (2, "agent", "north-retail"),
    ]


def test_a_file_of_the_exporter_is_no_file_put_by_hand(talks):
    """Its own file is left alone; a copy of it under another name, and one that a person has put, are not."""
    talks.normalize()
    folder = f"{talks.prefix}/reports/etl-process1"
    key = f"{folder}/conversations_2026-02-17T04-30-00.csv"
    settings = conversation_settings(talks.variables)
    assert publish_upload(settings, BUCKET, key, lambda: NOW) == []
    copy = f"{folder}/conversations_copy.csv"
    talks.s3.copy_object(Bucket=BUCKET, Key=copy, CopySource={"Bucket": BUCKET, "Key": key})
    assert [run["rows"] for run in publish_upload(settings, BUCKET, copy, lambda: NOW)] == [2]


HOSTILE = {
    "another header": ("a,b\r\n1,2\r\n", "unknown a, b; missing conversation_id"),
    "semicolons": (CONVERSATIONS.replace(",", ";") + "\r\n", "unknown conversation_id;client"),
    "a column is missing": (CONVERSATIONS.replace(",rating", "") + "\r\n" + "," * 12 + "\r\n", "found missing rating"),
    "a column twice": (CONVERSATIONS + ",rating\r\n" + "," * 14 + "\r\n", "found a name twice"),
    "nothing": ("", "Empty CSV file"),
    "the header alone": (CONVERSATIONS + "\r\n", "no row has a readable time in the column started_at"),
    "a conversation twice": (
        "\n".join([CONVERSATIONS, *["talk-9,c,p,e,web,2026-02-16T10:00:00Z,,0,0,0,0,,,"] * 2]),
        "conversation_id talk-9 is there twice, and identifies a row",
    ),
    "a row too short": (CONVERSATIONS + "\r\ntalk-9,x\r\n", "Expected 14 columns, got 2"),
    "no UTF-8": (CONVERSATIONS.encode() + b"\r\ntalk-\xff" + b"," * 13 + b"\r\n", "invalid UTF8 data"),
    "a quote that does not end": (CONVERSATIONS + '\r\n"talk-9,' + "," * 13 + "\r\n", "columns"),
}


def test_a_file_that_cannot_be_used_changes_nothing(talks):
    """Each is refused with what is wrong, and the day stays as it was."""
    talks.normalize()
    before = talks.rows("conversations")
    for name, (text, reason) in HOSTILE.items():
        with pytest.raises(SourceError, match=r"conversations_bad\.csv") as refused:
            talks.hand_in("conversations_bad.csv", text)
        assert reason in str(refused.value), name
    assert talks.rows("conversations") == before


def test_values_that_contradict_their_columns_are_null_and_quarantined(talks):
    """As of an item: a rating that is no number is null, a row without a readable start is withheld."""
    talks.normalize()
    rows = [
        "talk-1,c,p,e,web,2026-02-16T10:00:00Z,16/02/2026 10:01,2,1,1,0,90,five,",
        "talk-4,c,p,e,web,16/02/2026,,2,1,1,0,90,5,",
        'talk-5,c,p,e,"",2026-02-16T12:00:00Z,,1_000,1e2,NaN,٣,0.1,5,',
    ]
    (report,) = talks.hand_in("conversations.csv", "\n".join([CONVERSATIONS, *rows]))
    assert (report["rows"], report["quarantined"]) == (2, 3)
    first, second = talks.rows("conversations")
    assert (first["rating"], first["ended_at"]) == (None, None)
    assert [second[name] for name in ("channel", "messages", "user_messages", "bot_messages", "agent_messages")] == [
        "", None, 100, None, None,
    ]  # fmt: skip


def test_a_file_of_several_days_leaves_the_days_between(talks):
    """Rows of the 14th and the 16th: the 15th is not in the file, and stays."""
    talks.normalize(all=True)
    row = "{0},c,p,e,web,2026-02-{1}T10:00:00Z,,0,0,0,0,,,"
    rows = [row.format("talk-8", 14), row.format("talk-9", 16)]
    reports = talks.hand_in("conversations_1.csv", "\n".join([CONVERSATIONS, *rows]))
    assert [report["window"] for report in reports] == [
        {"start": "2026-02-14", "end": "2026-02-14"},
        {"start": "2026-02-16", "end": "2026-02-16"},
    ]
    found = {day: [row["conversation_id"] for row in talks.rows("conversations", day)] for day in ("14", "15", "16")}
    assert found == {"14": ["talk-8"], "15": ["talk-3"], "16": ["talk-9"]}


def test_only_names_of_the_datasets_in_the_folder_are_published(talks):
    """Another name, another folder and another bucket are refused by name; so is a file before the first export."""
    with pytest.raises(SourceError, match="nothing of conversations is published yet"):
        talks.hand_in("conversations_1.csv", CONVERSATIONS)
    with pytest.raises(SourceError, match=r"expected a name such as conversations_NAME\.csv or messages_NAME\.csv"):
        talks.hand_in("chats.csv", CONVERSATIONS)
    settings = conversation_settings(talks.variables)
    for bucket, key in ((BUCKET, "conversations_1.csv"), ("another", f"{settings.clean_prefix}/conversations_1.csv")):
        with pytest.raises(SourceError, match="is not below"):
            publish_upload(settings, bucket, key, lambda: NOW)


def test_events_of_s3_are_told_from_those_of_an_export():
    """Keys come decoded; S3's test event names none; `{}` is an export."""
    event = {
        "Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "reports/etl-process1/messages+1%C3%A9.csv"}}}]
    }
    assert keys_of_event(event) == [("b", "reports/etl-process1/messages 1é.csv")]
    assert keys_of_event({"Service": "Amazon S3", "Event": "s3:TestEvent"}) == []
    assert keys_of_event({}) is None


def test_the_lambda_entry_and_the_command_answer_alike(talks, monkeypatch, run):
    """`{}` by the Lambda and `exporter normalize` by hand; an event of S3 publishes the file that it names."""
    for name, value in talks.variables.items():
        monkeypatch.setenv(name, value)
    missing = [(BUCKET, f"{talks.prefix}/reports/etl-process1/{name}.csv") for name in ("messages_1", "chats")]
    with pytest.raises(ExportError, match=r"messages_1\.csv: nothing .*; .*chats\.csv: expected a name"):
        publish_all(conversation_settings(talks.variables), missing, lambda: NOW)
    done = handler({"startDate": "2026-02-16", "endDate": "2026-02-16"}, None)
    assert {name: run["rows"] for name, run in done["runs"].items()} == {"conversations": 2, "messages": 2}
    key = next(address for address in done["csv"].values()).partition("reports/")[2]
    event = {"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": key}}}]}
    assert handler(event, None) == {"status": "succeeded", "published": []}
    shown = run(talks, "normalize", "--all", "--json")
    assert shown.returncode == 0, shown.stderr
    answered = json.loads(shown.stdout.splitlines()[-1])
    assert {name: run["rows"] for name, run in answered["runs"].items()} == {"conversations": 3, "messages": 3}
    (first, _) = answered["csv"].values()
    rows = csv.DictReader(io.StringIO(talks.body(first.partition(f"{talks.prefix}/")[2]).decode()))
    assert [row["conversation_id"] for row in rows] == ["talk-3", "talk-1", "talk-2"]
