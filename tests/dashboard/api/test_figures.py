"""Figures in the API: statistics, days, and measures by groups."""

import datetime as dt
import json
from collections import Counter

import boto3
import pytest
from serving import serving

from dashboard.services.service import Service
from dashboard.settings import settings_from_environment


def ask(client, **body):
    return client.post("/api/query", json=body)


def test_stats_are_the_overviews_figures(client, published):
    """/api/stats has exactly the promised names, and they equal a count of the rows."""
    stats = client.get("/api/stats").json()
    rows = published.rows
    assert list(stats) == [
        "totalRows",
        "uniqueContacts",
        "channels",
        "agents",
        "byDay",
        "byChannel",
        "byAgent",
        "byInitiationMethod",
        "differences",
        "asOf",
        "published",
    ]
    assert (stats["totalRows"], stats["channels"], stats["agents"]) == (1174, 4, 5)
    assert stats["uniqueContacts"] == len({row["contact_id"] for row in rows})
    first = {"day": "2025-12-20", "contacts": len(published.on(dt.date(2025, 12, 20))), "published": True}
    assert stats["byDay"][0] == first
    assert (stats["differences"], stats["published"]) == ([], True)
    assert {c["channel"]: c["contacts"] for c in stats["byChannel"]} == Counter(row["channel"] for row in rows)
    assert {c["agent"]: c["contacts"] for c in stats["byAgent"]} == Counter(row["agent_name"] for row in rows)
    assert {"initiationMethod", "contacts"} == set(stats["byInitiationMethod"][0])
    assert stats["asOf"] == "2026-02-03T04:00:00+00:00"


def test_summaries_count_rows_and_unique_contacts(client, published):
    """daily_summary is day by agent, channel_summary day by channel, both with contacts and unique contacts."""
    window = {"startDate": "2026-01-31", "endDate": "2026-02-01"}
    days = published.on(dt.date(2026, 1, 31), dt.date(2026, 2, 1))
    daily = ask(client, query="daily_summary", **window).json()
    assert [column["name"] for column in daily["columns"]] == [
        "day",
        "agent_name",
        "contacts",
        "unique_contacts",
    ]
    assert daily["columns"][0]["type"] == "date"
    assert Counter({(r["day"], r["agent_name"]): r["contacts"] for r in daily["rows"]}) == Counter(
        (r["day"].isoformat(), r["agent_name"]) for r in days
    )
    assert [r["day"] for r in daily["rows"]] == sorted((r["day"] for r in daily["rows"]), reverse=True)
    channel = ask(client, query="channel_summary", **window).json()["rows"]
    assert Counter({(r["day"], r["channel"]): r["contacts"] for r in channel}) == Counter(
        (r["day"].isoformat(), r["channel"]) for r in days
    )


def test_a_measure_by_groups_comes_with_totals(client, published):
    """Different agents per channel: the total of all channels is not the sum of theirs; without totals no level."""
    asked = {"query": "group_by", "measure": "distinct", "column": "agent_name", "by": ["channel"]}
    answer = ask(client, **asked).json()
    agents = {row["channel"]: row["distinct_agent_name"] for row in answer["rows"] if row["level"] == 0}
    assert agents == dict.fromkeys(("VOICE", "CHAT", "TASK", "EMAIL"), 5)
    assert [row["distinct_agent_name"] for row in answer["rows"] if row["level"] == 1] == [5]
    assert sum(row["contacts"] for row in answer["rows"] if row["level"] == 0) == len(published.rows)
    plain = ask(client, **asked, totals=False).json()
    assert [column["name"] for column in plain["columns"]] == ["channel", "distinct_agent_name", "contacts"]
    refused = ask(client, **asked, sort="size")
    assert (refused.status_code, refused.json()["error"][:5]) == (400, "sort:")


def test_daily_includes_every_day_and_null_for_what_is_not_published(client, published):
    """Days before the first export have no figure: null, not 0."""
    body = client.get("/api/daily", params={"from": "2025-12-18", "to": "2025-12-21"}).json()
    assert body == {
        "days": [
            {"day": "2025-12-18", "contacts": None, "published": False},
            {"day": "2025-12-19", "contacts": None, "published": False},
            {"day": "2025-12-20", "contacts": len(published.on(dt.date(2025, 12, 20))), "published": True},
            {"day": "2025-12-21", "contacts": len(published.on(dt.date(2025, 12, 21))), "published": True},
        ],
        "differences": [],
    }


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "from"),
        ({"from": "2026-01-01"}, "to"),
        ({"from": "yesterday", "to": "2026-01-01"}, "from"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"from": "2000-01-01", "to": "2026-01-01"}, "to"),
    ],
)
def test_a_wrong_window_is_400(client, params, field):
    """Each end of the window is named where it is wrong; ten years is the most."""
    answer = client.get("/api/daily", params=params)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def without_days(published, *days):
    """Take days out of the manifest; their objects stay."""
    s3, key = boto3.client("s3"), f"{published.dataset.target.prefix}/_manifest.json"
    manifest = json.loads(s3.get_object(Bucket=published.bucket, Key=key)["Body"].read())
    for day in days or tuple(manifest["days"]):
        del manifest["days"][day]
    s3.put_object(Bucket=published.bucket, Key=key, Body=json.dumps(manifest).encode())


def test_nothing_exported_is_null(publishing):
    """Before the first export /api/stats and /api/daily have no figure, which is not zero."""
    nothing = publishing("nothing", per_day=0)
    s3 = boto3.client("s3")
    prefix = nothing.dataset.target.prefix
    for name in ("_manifest.json", "_schema.json"):
        s3.delete_object(Bucket=nothing.bucket, Key=f"{prefix}/{name}")
    service = Service(settings_from_environment(nothing.environment))
    with serving(lambda: service) as client:
        stats = client.get("/api/stats").json()
        assert (stats["totalRows"], stats["byDay"], stats["asOf"], stats["published"]) == (None, [], None, False)
        days = client.get("/api/daily", params={"from": "2026-01-01", "to": "2026-01-02"}).json()["days"]
        assert [(day["contacts"], day["published"]) for day in days] == [(None, False)] * 2
    service.close()


def test_a_day_has_one_figure_whatever_range_is_asked(publishing):
    """Two days have objects but no record: null in every range, and what Athena counts there is a difference."""
    holes = publishing("holes", first=dt.date(2026, 1, 20), last=dt.date(2026, 2, 2), per_day=5)
    without_days(holes, "2026-01-23", "2026-01-24")
    service = Service(settings_from_environment(holes.environment), manifest_seconds=0)
    with serving(lambda: service) as client:
        narrow = client.get("/api/daily?from=2026-01-23&to=2026-01-24").json()
        wide = client.get("/api/daily?from=2026-01-22&to=2026-01-25").json()
        stats = client.get("/api/stats").json()
    assert narrow["days"] == wide["days"][1:3]
    assert [day["contacts"] for day in wide["days"]] == [11, None, None, 17]
    differences = [
        {"day": "2026-01-23", "manifest": None, "athena": 13},
        {"day": "2026-01-24", "manifest": None, "athena": 15},
    ]
    assert narrow["differences"] == wide["differences"] == stats["differences"] == differences
    listed = sum(day["contacts"] for day in stats["byDay"] if day["published"])
    assert stats["totalRows"] == listed + 13 + 15
    service.close()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"format": 2}', b"\xff\xfe", b""])
def test_a_damaged_record_is_503_with_its_place(publishing, body):
    """The fault is not that of the caller, and not one of Athena: the answer names the object and what to run."""
    damaged = publishing("damaged", first=dt.date(2026, 2, 1), last=dt.date(2026, 2, 2), per_day=1)
    key = f"{damaged.dataset.target.prefix}/_manifest.json"
    boto3.client("s3").put_object(Bucket=damaged.bucket, Key=key, Body=body)
    service = Service(settings_from_environment(damaged.environment))
    with serving(lambda: service) as client:
        answers = [client.get("/api/stats"), client.get("/api/daily?from=2026-02-01&to=2026-02-02")]
        answers.append(ask(client, query="all_records"))
    service.close()
    for answer in answers:
        assert answer.status_code == 503
        assert f"s3://{damaged.bucket}/{key}" in answer.json()["error"]
        assert "python -m exporter doctor" in answer.json()["error"]
        assert "Athena" not in answer.json()["error"]
