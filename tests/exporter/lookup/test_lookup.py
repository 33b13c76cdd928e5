"""`exporter lookup` answers from the tables themselves, as its caller sees it."""

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest


def lookup(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "exporter", "lookup", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rows(*arguments: str) -> list[dict[str, object]]:
    done = lookup(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]


@pytest.fixture
def students(put) -> None:
    """Four students with health scores on both sides of 70 and at it, and a tutor."""
    for entity, kind, score, updated in (
        ("stu_1", "student", "70", "2026-11-27T08:00:00Z"),
        ("stu_2", "student", "69.99", "2026-11-25T08:00:00Z"),
        ("stu_3", "student", "7", "2026-11-28T08:00:00Z"),
        ("stu_4", "student", "100", "2026-11-26T08:00:00Z"),
        ("tut_1", "tutor", "3", "2026-11-28T08:00:00Z"),
    ):
        put(
            "Metrics",
            {"entity_id": entity, "entity_type": kind, "health_score": Decimal(score), "last_updated": updated,
             "sessions_7d": 2, "avg_rating": Decimal("4.50")},
        )  # fmt: skip


@pytest.fixture
def insights(put) -> None:
    """Twelve insights about one student, and one about another."""
    for number in range(12):
        put(
            "Insights",
            {"pk": "insight#stu_4532", "sk": f"2026-11-{number + 10}T09:00:00Z", "entity_id": "stu_4532",
             "timestamp": f"2026-11-{number + 10}T09:00:00Z", "prediction_type": "churn", "risk_score": 75 + number,
             "recommendations": ["call", "mail"], "ttl": 1800000000, "alert_id": f"a-{number}"},
        )  # fmt: skip
    put(
        "Insights",
        {"pk": "insight#stu_9", "sk": "2026-11-30T09:00:00Z", "entity_id": "stu_9", "timestamp": "2026-11-30T09:00:00Z",
         "prediction_type": "churn", "risk_score": 80},
    )  # fmt: skip


@pytest.mark.usefixtures("students")
def test_health_below_is_exclusive_and_by_number():
    """Scores below 70, the lowest first: 7 before 69.99, without 70 itself and without another type's entities."""
    found = rows("metrics", "--entity-type", "student", "--health-below", "70")
    assert [(row["entity_id"], row["health_score"]) for row in found] == [("stu_3", 7), ("stu_2", Decimal("69.99"))]


@pytest.mark.usefixtures("students")
def test_entities_of_a_type_come_with_the_last_updated_first():
    """Without a score every entity of the type is shown, in the order of its updates."""
    found = rows("metrics", "--entity-type", "student")
    assert [row["entity_id"] for row in found] == ["stu_3", "stu_1", "stu_4", "stu_2"]


@pytest.mark.usefixtures("students")
def test_one_entity():
    """One entity is read by its key, with its attributes in the order of the guide."""
    (row,) = rows("metrics", "--entity", "tut_1")
    assert list(row) == ["entity_id", "entity_type", "health_score", "last_updated", "sessions_7d", "avg_rating"]
    assert row["avg_rating"] == Decimal("4.5")


@pytest.mark.usefixtures("insights")
def test_insights_of_an_entity_are_newest_first_and_limited():
    """The newest ten of twelve, and a line on standard error that there are more."""
    done = lookup("insights", "--entity", "stu_4532", "--limit", "10", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["alert_id"] for row in found] == [f"a-{number}" for number in range(11, 1, -1)]
    assert found[0]["recommendations"] == ["call", "mail"]
    assert {"pk", "sk", "ttl"} & set(found[0]) == set()
    assert done.stderr == "There are more than these 10; a higher --limit shows them.\n"


@pytest.mark.usefixtures("insights")
def test_a_limit_that_holds_all_is_not_said_to_hide_any():
    """Exactly as many items as the limit: nothing on standard error."""
    done = lookup("insights", "--entity", "stu_4532", "--limit", "12", "--json")
    assert (len(done.stdout.splitlines()), done.stderr) == (12, "")


@pytest.mark.usefixtures("insights")
def test_risk_above_is_exclusive_over_all_entities():
    """Risk scores above 84 of a prediction type, the highest first."""
    found = rows("insights", "--prediction-type", "churn", "--risk-above", "84")
    assert [row["risk_score"] for row in found] == [86, 85]


@pytest.mark.usefixtures("insights")
def test_insights_of_a_type_are_newest_first():
    """Without a risk the newest insight of any entity is first."""
    found = rows("insights", "--prediction-type", "churn", "--limit", "2")
    assert [row["entity_id"] for row in found] == ["stu_9", "stu_4532"]


def test_more_than_a_page_is_read(put):
    """Items of 300 KB exceed one page of 1 MB; all of them are shown, in order."""
    for number in range(6):
        put(
            "Insights",
            {"pk": "insight#big", "sk": f"2026-11-1{number}", "entity_id": "big", "alert_id": str(number),
             "explanation": "x" * 300_000},
        )  # fmt: skip
    assert [row["alert_id"] for row in rows("insights", "--entity", "big")] == ["5", "4", "3", "2", "1", "0"]


def test_a_table_has_one_line_per_item(put):
    """As a table: a header, one line per item, a line break inside a text is a space, and a long text is cut."""
    put(
        "Insights",
        {"pk": "insight#e", "sk": "1", "entity_id": "e", "explanation": "two\nlines", "model_used": "m" * 90},
    )
    done = lookup("insights", "--entity", "e")
    assert done.stdout.splitlines() == [
        f"{'entity_id'}  {'explanation'}  model_used",
        f"{'e':9}  {'two lines':11}  {'m' * 57}...",
    ]


@pytest.mark.usefixtures("put")
def test_no_item():
    """Where nothing answers, the output is empty and a line on standard error says so."""
    done = lookup("metrics", "--entity", "missing")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No item answers this.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("metrics",), "give either --entity or --entity-type"),
        (("metrics", "--entity", "a", "--entity-type", "b"), "give either --entity or --entity-type"),
        (("metrics", "--entity", "a", "--health-below", "7"), "--health-below needs --entity-type"),
        (("insights", "--risk-above", "7"), "give either --entity or --prediction-type"),
        (("metrics", "--entity-type", "b", "--health-below", "NaN"), "'NaN' is no number that DynamoDB can hold"),
        (("metrics", "--entity-type", "b", "--health-below", "1e400"), "'1e400' is no number that DynamoDB can hold"),
    ],
)
def test_wrong_options_are_refused_before_any_call(arguments, message):
    """Options that contradict each other, or no number: exit status 2 and a sentence, without a call."""
    done = lookup(*arguments, AWS_REGION="us-east-1", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("aws")
def test_a_missing_table_is_named():
    """A table that is not there is named, with what to check."""
    done = lookup("metrics", "--entity", "a", "--table", "elsewhere", AWS_REGION="us-east-1")
    assert done.returncode == 1
    assert "cannot read table elsewhere" in done.stderr
    assert "Check --table and AWS_REGION" in done.stderr
