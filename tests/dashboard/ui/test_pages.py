"""The pages, run without a browser: what they show, what they ask, and what they say when something is missing."""

import datetime as dt

import boto3
import pytest
from publishing import Published
from reading_pages import badges, board, cards, metrics, texts, wait_for_end

from dashboard.ui.page import cached_service
from dataset_model.reading.shipped import SHIPPED_DATASETS
from dataset_model.records.runs import run_key
from dataset_model.records.verification import Verification, VerifiedDay, verification_key

PAGES = ("overview", "explore", "dictionary", "sql", "exports")


def test_overview_shows_the_figures_of_the_period(visit, published: Published):
    """Four cards with the numbers of the published rows, and four charts."""
    app = visit(published.environment, from_="2026-01-01", to="2026-01-31")
    assert not app.exception
    rows = [row for row in published.rows if row["day"].isoformat()[:7] == "2026-01"]
    assert cards(app) == {
        "Total rows": f"{len(rows):,}",
        "Unique contacts": f"{len({row['contact_id'] for row in rows}):,}",
        "Channels": "4",
        "Agents": str(len({row["agent_name"] for row in rows} - {None})),
    }
    assert [(chart["title"], chart["kind"]) for chart in board(app)["charts"]] == [
        ("Contacts per day", "days"),
        ("Channels", "doughnut"),
        ("Agents", "bars"),
        ("Initiation methods", "pie"),
    ]


def test_overview_opens_on_the_latest_published_days(visit, published: Published):
    """Where the last 30 days hold nothing, the last 30 published ones are shown."""
    app = visit(published.environment)
    assert not app.exception
    assert "4 Jan \N{EN DASH} 2 Feb 2026" in [caption.value for caption in app.caption]


def test_a_link_brings_its_filters(visit, published: Published):
    """A shared address opens with the same picks, as chips that say what they are."""
    app = visit(published.environment, from_="2026-01-05", to="2026-01-11", channel="VOICE")
    rows = [row for row in published.rows if "2026-01-05" <= row["day"].isoformat() <= "2026-01-11"]
    assert cards(app)["Total rows"] == str(sum(row["channel"] == "VOICE" for row in rows))
    assert board(app)["chips"] == [{"dimension": "channel", "key": "VOICE", "text": "channel: VOICE"}]
    assert app.query_params["channel"] in ("VOICE", ["VOICE"])


def test_an_empty_period_says_so_and_leads_on(visit, published: Published):
    """No traceback and no bare zeros: which days are published, and a button that shows them."""
    app = visit(published.environment, from_="2024-01-01", to="2024-01-02")
    assert not app.exception
    assert "No contacts in this selection" in texts(app)
    assert "20 Dec 2025 to 2 Feb 2026" in texts(app)
    next(button for button in app.button if button.label == "Show the latest days").click().run()
    assert not app.exception
    assert int(cards(app)["Total rows"].replace(",", "")) > 0


def test_an_empty_period_speaks_of_the_datasets_own_rows(visit, publishing, tmp_path):
    """Where the file says that what is counted are agents, no text speaks of contacts."""
    text = (SHIPPED_DATASETS / "contacts.yaml").read_text()
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("  entity: contact_id", "  entity: agent_name"))
    published = publishing("named", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3)
    app = visit({**published.environment, "DATASET": str(other)}, from_="2024-01-01", to="2024-01-02")
    assert not app.exception
    assert "No agent names in this selection" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_exported_yet(visit, published: Published, page: str):
    """Before the first export every page names the command that makes it."""
    app = visit({**published.environment, "S3_PREFIX": "never/exported"}, page)
    assert not app.exception
    assert "Nothing exported yet" in texts(app)
    assert app.code[0].value == "python -m exporter export --dataset contacts"


@pytest.mark.parametrize("page", PAGES)
def test_an_unreachable_endpoint(visit, published: Published, page: str):
    """Every page says that the service cannot be reached, and offers to try again."""
    app = visit({**published.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, page)
    assert not app.exception
    assert "cannot be reached" in texts(app)
    assert app.button(key="try_again").label == "Try again"


def test_wrong_settings_are_listed_at_once(visit, published: Published):
    """Each wrong setting is named with what was expected and what was found."""
    app = visit({**published.environment, "S3_BUCKET": "Not A Bucket", "MAX_FETCH_ROWS": "many"})
    assert not app.exception
    assert "Some settings are wrong" in texts(app)
    (listed,) = (element.value for element in app.get("html"))
    for part in ("S3_BUCKET", "<code>Not A Bucket</code>", "MAX_FETCH_ROWS", "<code>many</code>"):
        assert part in listed


def test_the_dictionary_runs_no_query_unasked(visit, published: Published):
    """Every column is there at once, without a query; empty values are counted on a press, and shown per column."""
    app = visit(published.environment, "dictionary")
    assert not app.exception
    service = cached_service.service()
    (table,) = (each.value for each in app.get("html") if "dash-dictionary" in each.value)
    assert all(
        f"<code>{column.name}</code>" in table.replace("<wbr>", "") for column in service.model("contacts").columns[:-3]
    )
    assert "20 Dec 2025" in table
    assert "Empty" not in table
    assert service.jobs.running() == []
    app.button(key="empty_all days_contacts").click().run()
    wait_for_end(app)
    (table,) = (each.value for each in app.get("html") if "dash-dictionary" in each.value)
    assert not app.exception
    assert "100%" in table


def test_exports_shows_days_and_runs(visit, published: Published):
    """Every published day with its rows and state, and the runs with their outcome."""
    app = visit(published.environment, "exports")
    assert not app.exception
    days, runs = (table.value for table in app.dataframe)
    assert len(days) == len(published.days)
    assert days["Rows"].sum() == len(published.rows)
    assert list(runs["Outcome"]) == ["✓ Succeeded", "✕ Failed"]
    assert {text.split(" ")[0] for text in days["Verified"]} == {"✓"}
    assert list(days.columns)[:3] == ["Day", "State", "Verified"]
    assert not any("UTC" in text for text in (*days["Verified"], *days["Read at"]))
    assert "Times are in UTC." in texts(app)
    assert "The latest verification agreed" in [success.value for success in app.success][-1]
    assert metrics(app)["Quarantined, latest run"] == "0"
    assert metrics(app)["Published rows"] == f"{len(published.rows):,}"


def test_exports_shows_a_hole_as_a_hole(visit, publishing):
    """A day that was never exported is a row without figures between its neighbours."""
    holed = publishing("holed", first=dt.date(2026, 1, 5), last=dt.date(2026, 1, 8), per_day=3)
    key = f"{holed.dataset.target.prefix}/_manifest.json"
    left = {day: record for day, record in holed.manifest.days.items() if day != dt.date(2026, 1, 6)}
    body = holed.manifest.model_copy(update={"days": left}).model_dump_json()
    boto3.client("s3").put_object(Bucket=holed.bucket, Key=key, Body=body.encode())
    days = visit(holed.environment, "exports").dataframe[0].value
    assert [str(day)[:10] for day in days["Day"]] == ["2026-01-08", "2026-01-07", "2026-01-06", "2026-01-05"]
    assert list(days["State"]) == ["Closed", "Closed", "Not published", "Closed"]
    assert list(days["Rows"].isna()) == [False, False, True, False]


@pytest.mark.parametrize("page", PAGES)
def test_a_day_counts_as_verified_only_after_a_comparison(visit, publishing, published: Published, page: str):
    """Every page says when it was verified, and without `exporter verify` that it was not."""
    assert "Verified " in badges(visit(published.environment, page))
    cached_service.service.clear()
    bare = publishing("never_verified", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3, verified=False)
    shown = badges(visit(bare.environment, page))
    assert "Not verified" in shown
    assert "Verified " not in shown


def test_exports_shows_the_differences_of_a_verification(visit, publishing):
    """A difference is shown with its day, and a run that died is shown as such."""
    published = publishing("disagreeing", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3)
    day = VerifiedDay(day=dt.date(2026, 1, 2), state="closed", disagreements=("DynamoDB holds 9 items, S3 8",))
    at = dt.datetime(2026, 2, 4, tzinfo=dt.UTC)
    found = Verification(verification_id="20260204T000000Z-f00", dataset="contacts", started_at=at, finished_at=at,
                         window=None, items=9, rows=8, days=(day,))  # fmt: skip
    run = published.runs[0].model_copy(
        update={"run_id": "20260204T000000Z-x", "status": "died", "error": "It ended without a word."}
    )
    prefix = published.dataset.target.prefix
    for key, record in ((verification_key(prefix, found.verification_id), found), (run_key(prefix, run.run_id), run)):
        boto3.client("s3").put_object(Bucket=published.bucket, Key=key, Body=record.model_dump_json().encode())
    app = visit(published.environment, "exports")
    assert not app.exception
    assert "2026-01-02: DynamoDB holds 9 items, S3 8" in texts(app).replace("\\", "")
    assert any("found differences" in warning.value for warning in app.warning)
    assert "The latest run died" in app.error[0].value
    assert app.dataframe[1].value["Outcome"].iloc[0] == "✕ Died"
