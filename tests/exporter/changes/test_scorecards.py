"""Scorecards: their columns, scores and dates."""

import datetime as dt
import json
from typing import Any

import pytest

from .call_system import System


@pytest.fixture
def scorecards(scene, tmp_path):
    return System(scene(), tmp_path, "scorecards", "guid", "datetime")


def scorecard(guid: str, at: str | None = "2025-10-08T14-34-19", **more: dict[str, Any]) -> dict[str, Any]:
    return {"guid": {"S": guid}, "Kind": {"S": "A"}} | ({"datetime": {"S": at}} if at else {}) | more


SKILLS = {
    "askForPayment": "ask_for_payment", "confirmLocation": "confirm_location",
    "featuresAdvantagesBenefits": "features_advantages", "handleObjections": "handle_objections",
    "sizeRecommendation": "size_recommendation", "urgency": "urgency",
}  # fmt: skip


def test_a_scorecard_has_the_documented_columns(scorecards):
    """Every column by name; a time is written with dashes; each skill has a score and its evidence."""
    scores = {
        skill: {"M": {"score": {"N": str(number)}, "evidence": {"S": f"because {number}"}}}
        for number, skill in enumerate(SKILLS, 1)
    }
    texts = {
        "agent": "Ada", "callType": "Sales", "notes": "n", "outcome": "Sold", "primaryIntent": "Buy",
        "secondaryIntent": "Ask", "resolutionReason": "Agreed", "summary": "s",
    }  # fmt: skip
    scorecards.put(
        scorecard(
            "g-1", scores={"M": scores}, overallScore={"N": "8.5"}, ingestedAt={"S": "2025-10-08T15:00:00Z"},
            **{name: {"S": text} for name, text in texts.items()},
        )
    )  # fmt: skip
    scorecards.export()
    assert scorecards.published() == [
        {
            "guid": "g-1", "datetime": dt.datetime(2025, 10, 8, 14, 34, 19), "agent": "Ada", "call_type": "Sales",
            "ingested_at": dt.datetime(2025, 10, 8, 15), "notes": "n", "outcome": "Sold", "overall_score": 8.5,
            "primary_intent": "Buy", "secondary_intent": "Ask", "resolution_reason": "Agreed", "summary": "s",
            "score_ask_for_payment": 1.0, "evidence_ask_for_payment": "because 1",
            "score_confirm_location": 2.0, "evidence_confirm_location": "because 2",
            "score_features_advantages": 3.0, "evidence_features_advantages": "because 3",
            "score_handle_objections": 4.0, "evidence_handle_objections": "because 4",
            "score_size_recommendation": 5.0, "evidence_size_recommendation": "because 5",
            "score_urgency": 6.0, "evidence_urgency": "because 6",
        }
    ]  # fmt: skip


def test_a_missing_score_is_null_and_an_undated_scorecard_is_quarantined(scorecards):
    """A score that is absent or NULL is null, a score of 0 is 0; what has no readable time is withheld."""
    scorecards.put(
        scorecard("absent"),
        scorecard("empty", scores={"M": {"urgency": {"M": {}}, "handleObjections": {"NULL": True}}}),
        scorecard("zero", scores={"M": {"urgency": {"M": {"score": {"N": "0"}}}}}, overallScore={"NULL": True}),
        scorecard("undated", None),
        scorecard("misdated", "2025-10-08T14:34:19"),
    )
    entry = scorecards.export()
    assert {row["guid"]: (row["score_urgency"], row["overall_score"]) for row in scorecards.published()} == {
        "absent": (None, None), "empty": (None, None), "zero": (0.0, None),
    }  # fmt: skip
    assert (entry.rows, entry.withheld) == (3, 2)
    assert sorted(line["item"]["guid"]["S"] for line in scorecards.made.quarantine()) == ["misdated", "undated"]


def test_the_documented_backfill_needs_no_dates(scorecards, run):
    """`exporter backfill --dataset scorecards --source scan` exports every day. Workers and APPEND need dates."""
    scorecards.put(scorecard("old", "2019-10-08T14-34-19"), scorecard("new"))
    done = run(scorecards.made, "backfill", "--source", "scan", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["rows"], found["skipped_days"], found["remaining"]) == ("succeeded", 2, 0, [])
    assert [row["guid"] for row in scorecards.published()] == ["new", "old"]
    refused = run(scorecards.made, "backfill", "--source", "scan", "--workers", "2")
    assert (refused.returncode, refused.stderr) == (2, "exporter: --start and --end are needed; --end is included\n")
    appended = run(scorecards.made, "backfill", "--source", "scan", OVERWRITE_MODE="APPEND")
    assert (appended.returncode, appended.stderr) == (2, refused.stderr)
