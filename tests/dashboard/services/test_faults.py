"""Faults between the dashboard and AWS: the same figures or a reason, never others, and health without a restart."""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import replace

import botocore.retries.standard
import pytest
from faults import Faults, Forward, Request, Response, s3_refused, torn
from pyathena.util import RetryConfig

import dashboard.aws.athena
from dashboard.errors import DashboardError
from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import Days, Filters
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment

DAYS = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 2))
Answer = Callable[[Forward], Response | None]


def athena_refused(code: str, status: int = 400) -> Answer:
    body = f'{{"__type": "{code}", "message": "as the test wants it"}}'.encode()
    return lambda _: Response(status, {"content-type": "application/x-amz-json-1.1"}, body)


def is_broken(_: Forward) -> None:
    """Close the connection without an answer."""


def is_wrong(forward: Forward) -> Response:
    """Answer as a proxy may that knows nothing of S3: 200, and a page of its own."""
    return replace(forward(), body=b"<html>Please sign in</html>")


def asks_records(request: Request) -> bool:
    return request.operation == "GetObject" and "_manifest.json" in request.path


def asks_rows(request: Request) -> bool:
    return request.operation == "GetObject" and request.path.partition("?")[0].endswith(".csv")


def starts(request: Request) -> bool:
    return request.operation == "StartQueryExecution"


def looks(request: Request) -> bool:
    return request.operation == "GetQueryExecution"


@pytest.fixture(scope="module")
def spoiled(publishing, standin_url):
    """A service; all its requests pass a server that can spoil them."""
    found = publishing("faults", first=DAYS.first, last=DAYS.last, per_day=5)
    with pytest.MonkeyPatch.context() as patch, Faults(standin_url) as faults:
        patch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
        patch.setattr(dashboard.aws.athena, "RetryConfig", functools.partial(RetryConfig, multiplier=0))
        patch.setenv("AWS_ENDPOINT_URL", faults.url)
        service = Service(settings_from_environment(found.environment), manifest_seconds=0)
        yield faults, service
        service.close()


def figures(service: Service) -> tuple[object, ...]:
    """Return what pages show of two days, each asked for again."""
    service.forget()
    overview = service.overview("contacts", Filters(DAYS))
    asked = service.prepare("contacts", QueryRequest("custom_sql", 99, sql="SELECT channel, note FROM contacts"))
    rows = service.start("contacts", asked).outcome().table.to_pylist()
    return overview.total_rows, overview.by("channel"), sorted(map(repr, rows))


FAULTS: dict[str, tuple[Callable[[Request], bool], Answer]] = {
    "records refused": (asks_records, is_broken),
    "records throttled": (asks_records, lambda _: s3_refused("SlowDown", 503)),
    "records torn": (asks_records, lambda forward: torn(forward())),
    "records wrong": (asks_records, is_wrong),
    "records with expired credentials": (asks_records, lambda _: s3_refused("ExpiredToken", 400)),
    "rows refused": (asks_rows, is_broken),
    "rows throttled": (asks_rows, lambda _: s3_refused("SlowDown", 503)),
    "rows torn": (asks_rows, lambda forward: torn(forward())),
    "rows wrong": (asks_rows, is_wrong),
    "rows with expired credentials": (asks_rows, lambda _: s3_refused("ExpiredToken", 400)),
    "queries refused": (starts, is_broken),
    "queries throttled": (starts, athena_refused("ThrottlingException")),
    "queries failing": (starts, athena_refused("InternalServerException", 500)),
    "queries torn": (starts, lambda forward: torn(forward())),
    "queries wrong": (starts, is_wrong),
    "queries with expired credentials": (starts, athena_refused("ExpiredTokenException")),
    "states refused": (looks, is_broken),
    "states torn": (looks, lambda forward: torn(forward())),
    "states wrong": (looks, is_wrong),
    "states with expired credentials": (looks, athena_refused("ExpiredTokenException")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_reason_and_never_another_figure(spoiled, fault):
    """For as long as it lasts; when it is over the figures are back, in the same process."""
    faults, service = spoiled
    faults.rule = lambda _, forward: forward()
    healthy = figures(service)
    is_spoiled, answer = FAULTS[fault]
    faults.rule = lambda request, forward: answer(forward) if is_spoiled(request) else forward()
    with pytest.raises(DashboardError) as caught:
        figures(service)
    assert 20 < len(str(caught.value)) < 600
    assert "Traceback" not in str(caught.value)
    faults.rule = lambda _, forward: forward()
    assert figures(service) == healthy
    assert service.jobs.running() == []


@pytest.mark.parametrize("fault", ["records torn", "rows torn", "queries refused", "states refused"])
def test_a_passing_fault_is_not_noticed(spoiled, fault):
    """A request that fails once is sent again."""
    faults, service = spoiled
    faults.rule = lambda _, forward: forward()
    healthy, spoils = figures(service), []
    is_spoiled, answer = FAULTS[fault]

    def once(request: Request, forward: Forward) -> Response | None:
        if not is_spoiled(request) or spoils:
            return forward()
        spoils.append(request)
        return answer(forward)

    faults.rule = once
    assert figures(service) == healthy
    assert len(spoils) == 1
