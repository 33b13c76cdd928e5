"""Answers that outlive a process: used where everything is as it was, and passed over where anything is not."""

import datetime as dt
import json
from decimal import Decimal

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import picking
from structlog.testing import capture_logs

from dashboard.model.result import Answer, Statistics
from dashboard.model.selection.filters import Filters, default_window
from dashboard.model.statements import Statement
from dashboard.overview.figures import overview_statements
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.stores.overview_answers import (
    MOST_ROWS,
    NotReadable,
    answers_from,
    answers_key,
    body_from,
    question_from,
)
from dataset_model.records.manifest import MANIFEST_FILE
from dataset_model.targets.partitions import object_key

D = dt.date
TODAY = D(2026, 2, 2)
ASKED = (Statement("SELECT 1"), Statement("SELECT ?", ("'a'",)))
TOOK = Statistics(10, 2, 3, reused=False, submitted_at=None)

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters()),
    st.decimals(allow_nan=False, allow_infinity=False),
)
rows = st.lists(st.fixed_dictionaries({"f0": values, "channel_value": values}), max_size=4).map(tuple)


def answer(statement, *found):
    return Answer("q1", statement, TOOK, found)


@given(rows, rows)
def test_rows_come_back_as_athena_gave_them(first, second):
    """Every value keeps its kind and its last digit; the answer is said to be one that scanned nothing."""
    body = body_from("a question", [answer(ASKED[0], *first), answer(ASKED[1], *second)])
    found = answers_from(body, "a question", ASKED)
    assert [(one.statement, one.rows) for one in found] == [(ASKED[0], first), (ASKED[1], second)]
    kinds = [{name: type(value) for name, value in row.items()} for one in found for row in one.rows]
    assert kinds == [{name: type(value) for name, value in row.items()} for row in (*first, *second)]
    assert all(one.statistics.reused and one.statistics.bytes_scanned == 0 for one in found)


def test_decimals_keep_their_zeros():
    """1.50 is not 1.5 where a column has two places."""
    (found,) = answers_from(body_from("q", [answer(ASKED[0], {"f0": Decimal("1.50")})]), "q", ASKED[:1])
    assert str(found.rows[0]["f0"]) == "1.50"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), D(2026, 1, 1), b"x"])
def test_what_json_cannot_hold_exactly_is_not_stored(value):
    """Better no answer than one that is nearly right."""
    assert body_from("q", [answer(ASKED[0], {"f0": value})]) is None


def test_large_answers_are_not_stored():
    """Reading them would take as long as asking."""
    assert body_from("q", [answer(ASKED[0], *[{"f0": 1}] * (MOST_ROWS + 1))]) is None


def test_another_question_is_not_answered():
    """The object is there and whole, and is about something else."""
    assert answers_from(body_from("yesterday's", [answer(ASKED[0])]), "today's", ASKED[:1]) is None


def changed(body, **fields):
    return json.dumps(json.loads(body) | fields).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-9],
        lambda _: b"",
        lambda _: b"\xff\xfe",
        lambda _: b"[]",
        lambda body: body.replace(b"41", b"42"),
        lambda body: changed(body, format=2),
        lambda body: changed(body, sha256="0" * 64),
        lambda body: changed(body, more=1),
        lambda _: body_from("q", [answer(ASKED[0]), answer(ASKED[0])]),
    ],
)
def test_what_is_broken_is_no_answer(spoil):
    """Cut, empty, changed by hand, of another version, or about more statements than were asked."""
    body = body_from("q", [answer(ASKED[0], {"f0": 41})])
    with pytest.raises(NotReadable):
        answers_from(spoil(body), "q", ASKED[:1])


def test_a_question_holds_everything_that_its_answer_depends_on(published, service):
    """Another day, value, statement, version, moment or object of the export makes another question."""
    manifest, model = published.manifest, service.model("contacts")

    def question(manifest=manifest, today=TODAY, **picked):
        filters = picking(default_window(TODAY, today), **picked)
        return question_from(manifest, overview_statements(model, filters, manifest))

    first = manifest.days[D(2026, 1, 5)]
    replaced = first.model_copy(update={"objects": (first.objects[0].model_copy(update={"etag": "other"}),)})
    others = [
        question(today=D(2026, 2, 3)),
        question(channel=("VOICE",)),
        question(manifest.model_copy(update={"version": 8})),
        question(manifest.model_copy(update={"updated_at": manifest.updated_at + dt.timedelta(seconds=1)})),
        question(manifest.model_copy(update={"days": manifest.days | {D(2026, 1, 5): replaced}})),
    ]
    assert question() == question()
    assert len({question(), *others}) == 6


@pytest.fixture
def small(publishing):
    return publishing("stored", first=D(2026, 1, 1), last=D(2026, 1, 3), per_day=3)


def first_view(published, **options):
    """What the first visitor of a new process sees, and whether Athena was asked for it."""
    service = Service(settings_from_environment(published.environment), **options)
    manifest = service.manifest("contacts")
    overview = service.overview("contacts", Filters(default_window(manifest.last_day, service.today("contacts"))))
    asked = service._athena is not None
    service.close()
    return overview, asked


def stored(published):
    found = boto3.client("s3").list_objects_v2(
        Bucket=published.bucket, Prefix=f"{published.dataset.target.prefix}/_overview/"
    )
    return [item["Key"] for item in found.get("Contents", [])]


def test_the_next_process_shows_the_same_without_asking(small):
    """The first process asks Athena, the second runs no query; the figures are the same to the last digit."""
    first, asked = first_view(small)
    assert asked
    second, asked_again = first_view(small)
    assert not asked_again
    assert (second.totals, second.cards, second.by_day) == (first.totals, first.cards, first.by_day)
    assert second.counts == first.counts
    assert second.totals.rows == len(small.rows) == 33
    assert (second.reused, second.bytes_scanned) == (True, 0)
    assert second.statements == first.statements


def test_the_next_export_is_asked_about_anew_and_takes_the_place(small):
    """Another version of the manifest is another question, and there is one object per dataset whatever is asked."""
    first_view(small)
    prefix = small.dataset.target.prefix
    later = small.manifest.model_copy(update={"version": 8})
    boto3.client("s3").put_object(
        Bucket=small.bucket, Key=f"{prefix}/{MANIFEST_FILE}", Body=later.model_dump_json().encode()
    )
    assert [first_view(small)[1] for _ in range(2)] == [True, False]
    assert stored(small) == [answers_key(prefix)]


def test_objects_that_no_manifest_records_are_asked_about_each_time(small):
    """After a run that died between its objects and its record, neither are stored answers used nor any stored."""
    first_view(small)
    s3, prefix = boto3.client("s3"), small.dataset.target.prefix
    before = s3.get_object(Bucket=small.bucket, Key=answers_key(prefix))["ETag"]
    body = s3.get_object(Bucket=small.bucket, Key=object_key(prefix, D(2026, 1, 1)))["Body"].read()
    s3.put_object(Bucket=small.bucket, Key=object_key(prefix, D(2026, 1, 2)), Body=body)
    assert [first_view(small)[1] for _ in range(2)] == [True, True]
    assert s3.get_object(Bucket=small.bucket, Key=answers_key(prefix))["ETag"] == before


def test_what_was_published_while_athena_read_is_not_stored(small, monkeypatch):
    """The answers may be those of no one export: the next process asks for itself."""
    s3, prefix = boto3.client("s3"), small.dataset.target.prefix
    outcomes = Service._outcomes

    def published_meanwhile(self, name, statements):
        later = small.manifest.model_copy(update={"version": 8})
        s3.put_object(Bucket=small.bucket, Key=f"{prefix}/{MANIFEST_FILE}", Body=later.model_dump_json().encode())
        return outcomes(self, name, statements)

    monkeypatch.setattr(Service, "_outcomes", published_meanwhile)
    first_view(small)
    assert stored(small) == []


def test_a_broken_object_is_reported_in_the_log_and_replaced(small):
    """It needs no repair by hand: the figures come from Athena, and the next process finds them."""
    first_view(small)
    key = answers_key(small.dataset.target.prefix)
    boto3.client("s3").put_object(Bucket=small.bucket, Key=key, Body=b'{"format": 1, "question"')
    with capture_logs() as logged:
        overview, asked = first_view(small)
    assert (overview.totals.rows, asked) == (33, True)
    assert [(line["event"], line["object"]) for line in logged if line["log_level"] == "warning"] == [
        ("stored answers are not used", f"s3://{small.bucket}/{key}")
    ]
    assert not first_view(small)[1]


def test_a_refresh_asks_athena(small):
    """Refresh asks Athena and ignores what another process stored."""
    first_view(small)
    service = Service(settings_from_environment(small.environment))
    service.forget()
    manifest = service.manifest("contacts")
    service.overview("contacts", Filters(default_window(manifest.last_day, service.today("contacts"))))
    assert service._athena is not None
    service.close()


def test_a_role_that_may_not_write_still_shows_the_figures(small, monkeypatch):
    """An answer that cannot be stored is only logged."""
    from dashboard.aws.s3 import Objects
    from dashboard.errors import AccessDenied

    def refused(*_, **__):
        raise AccessDenied("S3 refused writing")

    monkeypatch.setattr(Objects, "put", refused)
    with capture_logs() as logged:
        overview, _ = first_view(small)
    assert overview.totals.rows == 33
    assert [line["event"] for line in logged if line["log_level"] == "warning"] == ["answers are not stored"]
    assert stored(small) == []
