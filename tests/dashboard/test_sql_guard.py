"""Which SQL is let through, and what a refusal says."""

import datetime as dt
from pathlib import Path

import pytest

from dashboard.errors import RefusedSql
from dashboard.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sql_guard import Catalogue, ServedTable, checked

CORPUS = Path(__file__).parent / "corpus"
CATALOGUE = Catalogue(
    (
        ServedTable("reports", "contacts", ("contact_id", "channel", "agent_name", "note", "year", "month", "day")),
        ServedTable("sales", "orders", ("order_id", "total", "year", "month", "day")),
    )
)


def entries(name):
    """Entries of a corpus file: what is said of each, and its SQL."""
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    parts = [line.partition(" :: ") for line in lines if line and not line.startswith("#")]
    return [(said, sql.replace("\\n", "\n").replace("\\t", "\t")) for said, _, sql in parts]


HOSTILE = entries("hostile.txt")
INNOCENT = entries("innocent.txt")


@pytest.mark.parametrize(("said", "sql"), HOSTILE, ids=[sql[:60] for _, sql in HOSTILE])
def test_hostile_sql_is_refused_with_its_reason(said, sql):
    """Every entry of the hostile corpus is refused, and the refusal says why."""
    with pytest.raises(RefusedSql) as refused:
        checked(sql, CATALOGUE, 100)
    assert said.lower() in str(refused.value).lower()


@pytest.mark.parametrize(("said", "sql"), INNOCENT, ids=[said for said, _ in INNOCENT])
def test_innocent_sql_is_let_through(said, sql):
    """Every entry of the innocent corpus passes, and what is sent passes again and asks for at most 101 rows."""
    sent = checked(sql, CATALOGUE, 100)
    assert sent.sql == checked(sent.sql, CATALOGUE, 100).sql
    assert "LIMIT" in sent.sql or "FETCH FIRST 5 ROWS" in sent.sql


def test_both_corpora_are_large():
    """At least 150 statements of each kind."""
    assert len({sql for _, sql in HOSTILE}) >= 150
    assert len({sql for _, sql in INNOCENT}) >= 150


@pytest.mark.slow
def test_innocent_sql_runs_as_it_is_sent(publishing):
    """What the guard lets through is SQL that Athena runs: all of the corpus on the stand-in, its rows bounded."""
    small = publishing("innocent", first=dt.date(2025, 12, 31), last=dt.date(2026, 1, 2), per_day=12)
    service = Service(settings_from_environment(small.environment))
    database = small.dataset.target.database
    jobs = {
        said: service.jobs.submit(checked(sql.replace("reports", database), service.catalogue(), 50).statement())
        for said, sql in INNOCENT
    }
    failed = {said: str(job.error) for said, job in jobs.items() if not (job.wait(60) and job.result)}
    assert failed == {}
    assert max(job.outcome().row_count for job in jobs.values()) == 50
    service.close()
