"""The view of questions and answers, read through Athena as people read it."""

import base64
import json
import time

import boto3
import pytest

ONE = {"start": "2026-02-16", "end": "2026-02-16"}


@pytest.fixture
def survey(scene):
    """Two contacts that answered a survey, and one that did not."""
    table = scene(QUESTION_SUFFIX="_Question")
    table.put(
        "1",
        "2026-02-16T10:00:00Z",
        Mood_Question={"S": "How was it?"},
        Mood={"S": "good"},
        Score_Question={"S": "Zero to ten?"},
        Score={"N": "9"},
    )
    table.put("2", "2026-02-16T11:00:00Z", Mood_Question={"S": "How was it?"}, Lone_Question={"S": "Unanswered?"})
    table.put("3", "2026-02-16T12:00:00Z")
    return table


def rows(table, sql) -> list[list[str | None]]:
    """Return what Athena answers, without the header."""
    athena = boto3.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": table.database},
        ResultConfiguration={"OutputLocation": "s3://reports/results/"},
    )
    while True:
        found = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        if found["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            break
        time.sleep(0.02)
    assert found["Status"]["State"] == "SUCCEEDED", found["Status"].get("StateChangeReason")
    answer = athena.get_query_results(QueryExecutionId=started["QueryExecutionId"])["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer[1:]]


def view(table) -> dict:
    return boto3.client("glue").get_table(DatabaseName=table.database, Name="rows_answers")["Table"]


def test_each_answer_is_a_row(survey):
    """A pair of attributes becomes a row with key, topic, question, answer and day; unasked questions are absent."""
    survey.export(**ONE)
    found = rows(survey, "SELECT * FROM rows_answers WHERE year = 2026 AND month = 2 ORDER BY id, topic")
    assert found == [
        ["1", "Mood", "How was it?", "good", "2026", "2", "16"],
        ["1", "Score", "Zero to ten?", "9.0", "2026", "2", "16"],
        ["2", "Mood", "How was it?", None, "2026", "2", "16"],
    ]


def test_the_view_is_written_as_athena_writes_views(survey):
    """Type, parameters and the packed SQL have the form that Athena and other readers of the catalogue expect."""
    survey.export(**ONE)
    found = view(survey)
    assert found["TableType"] == "VIRTUAL_VIEW"
    assert found["Parameters"]["presto_view"] == "true"
    assert found["ViewExpandedText"] == "/* Presto View */"
    # A description would hide the comment by which Athena's engine knows a view; without an owner it cannot run one.
    assert "Description" not in found
    assert (found["Owner"], found["Parameters"]["comment"]) == ("hadoop", "Presto View")
    assert 'json_format(CAST(s."score" AS json))' in base64.b64decode(
        found["ViewOriginalText"][16:-3]
    ).decode().replace('\\"', '"')
    text = found["ViewOriginalText"]
    assert text.startswith("/* Presto View: ")
    assert text.endswith(" */")
    packed = json.loads(base64.b64decode(text[len("/* Presto View: ") : -len(" */")]))
    assert (packed["catalog"], packed["schema"]) == ("awsdatacatalog", survey.database)
    assert [column["type"] for column in packed["columns"]] == ["varchar"] * 4 + ["integer"] * 3
    assert [column["Type"] for column in found["StorageDescriptor"]["Columns"]] == ["string"] * 4 + ["int"] * 3
    assert packed["originalSql"].count(f'"{survey.database}"."rows"') == 1


def test_a_pair_that_appears_later_joins_the_view(survey):
    """A question that a later run meets is in the view from then on, and its topic may hold a quote."""
    survey.export(**ONE)
    survey.put("4", "2026-02-17T10:00:00Z", **{"Agent's_Question": {"S": "Kind?"}, "Agent's": {"BOOL": True}})
    survey.export(start="2026-02-17", end="2026-02-17")
    assert rows(survey, "SELECT topic, answer FROM rows_answers WHERE day = 17") == [["Agent's", "true"]]


def test_sync_brings_the_view_back(survey, run):
    """A dropped view comes back with the table."""
    survey.export(**ONE)
    before = view(survey)["ViewOriginalText"]
    boto3.client("glue").delete_table(DatabaseName=survey.database, Name="rows_answers")
    assert run(survey, "sync").returncode == 0
    assert view(survey)["ViewOriginalText"] == before


def test_a_view_of_another_owner_is_not_replaced(survey):
    """If the view's name is taken, the run fails before any day is published."""
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": survey.database})
    glue.create_table(DatabaseName=survey.database, TableInput={"Name": "rows_answers"})
    entry = survey.job(**ONE).run()
    assert entry.status == "failed"
    assert "is not this dataset's view of answers" in entry.error
    assert survey.keys() == []


def test_without_the_setting_there_is_no_view(scene):
    """The view is for those who ask for it."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", Mood_Question={"S": "How was it?"}, Mood={"S": "good"})
    table.export(**ONE)
    names = [found["Name"] for found in boto3.client("glue").get_tables(DatabaseName=table.database)["TableList"]]
    assert names == ["rows"]
