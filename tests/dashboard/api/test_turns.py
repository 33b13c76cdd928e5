"""Turns of requests: one person's many requests hold up no other person's, and end with the client that sent them."""

import asyncio
import datetime as dt
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from oidc_provider import OidcProvider, environment_of
from serving import serving
from signed_cookies import ORIGIN, cookie

from dashboard.api.turns import MOST_OF_A_PERSON, Turns
from dashboard.errors import QueryCancelled, QueryFailed, TooManyQueries
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.model.selection.filters import Days
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource

ROLES = RoleMap("groups", grants_from("analysts=analyst"))


class HeldAthena:
    """Begins every query and ends none until it is released or stopped."""

    def __init__(self):
        self.released, self.began, self.stopped = threading.Event(), [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()

    def run(self, statement, options):
        self.began.append(statement)
        options.on_start(f"query-{len(self.began)}")
        while not self.released.wait(0.02):
            if options.should_stop():
                raise QueryCancelled("stopped")
        raise QueryFailed("released")

    def stop(self, query_execution_id):
        self.stopped.append(query_execution_id)


@pytest.fixture
def held(published):
    """The API behind the gate, with an Athena that holds every query."""
    service, athena = Service(settings_from_environment(published.environment)), HeldAthena()
    service._athena = athena

    def gate(app):
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        return Gate(app, Access.SIGN_IN, source, role_map=ROLES)

    with serving(lambda: service, gate) as client, athena:
        yield service, athena, client
    service.close()


def as_(person: str) -> dict[str, str]:
    return {"cookie": cookie(sub=person, groups=["analysts"])}


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_person_has_a_few_threads_at_once_and_a_bounded_queue():
    """64 requests of one person take 4 of 16 threads, the 65th is refused, and another person's runs at once."""
    began, release = [], threading.Event()

    def work(name):
        began.append(name)
        release.wait(20)
        return name

    async def ask(turns, person, name):
        with acting_for(Requester(person)):
            return await turns.run(lambda: work(name))

    async def everything():
        turns = Turns()
        own = [asyncio.create_task(ask(turns, "ann", number)) for number in range(MOST_OF_A_PERSON)]
        await asyncio.to_thread(until, lambda: len(began) == 4)
        with pytest.raises(TooManyQueries, match="64 of your requests wait or run"):
            await ask(turns, "ann", "one more")
        other = asyncio.create_task(ask(turns, "ben", "ben"))
        await asyncio.to_thread(until, lambda: "ben" in began)
        assert set(began) == {0, 1, 2, 3, "ben"}
        release.set()
        assert await asyncio.gather(*own, other) == [*range(64), "ben"]
        assert turns._lanes == {}

    asyncio.run(asyncio.wait_for(everything(), 20))


def test_figures_that_one_person_asks_for_hold_up_no_other_person(held):
    """Twenty windows of one person: four queries run, and another person's query and figures are asked at once."""
    service, athena, client = held
    paths = [f"/api/daily?from=2026-01-{day:02}&to=2026-01-31" for day in range(1, 22)]
    with ThreadPoolExecutor(22) as pool, athena:
        for path in paths[:20]:
            pool.submit(client.get, path, headers=as_("ann"))
        until(lambda: len(athena.began) == 4)
        assert client.get("/api/queries", headers=as_("ben"), timeout=5).json() == {"queries": []}
        pool.submit(client.get, paths[20], headers=as_("ben"))
        body = {"query": "all_records", "limit": 1}
        pool.submit(client.post, "/api/query", json=body, headers=as_("ben"))
        until(lambda: len(athena.began) == 6)
        assert len([job for job in service.jobs.running() if job.ticket.person == "ann"]) == 4


def test_shared_answers_wait_by_the_person_who_asks_first(held):
    """Twenty pages of one person ask for shared answers: four run, and another person's runs at once."""
    service, athena, _ = held

    def ask(person, day):
        with acting_for(Requester(person)):
            return service.daily(service.names[0], Days(dt.date(2026, 1, day), dt.date(2026, 1, 31)))

    with ThreadPoolExecutor(21) as pool, athena:
        for day in range(1, 21):
            pool.submit(ask, "ann", day)
        until(lambda: len(athena.began) == 4 and len(service.jobs.running()) == 20)
        pool.submit(ask, "ben", 21)
        until(lambda: len(athena.began) == 5)
        running = [job.ticket.person for job in service.jobs.running() if job.state == "running"]
        assert sorted(running) == ["ann", "ann", "ann", "ann", "ben"]


def test_a_client_that_hangs_up_leaves_no_query_of_its_pdf(publishing):
    """The connection closes before the file is there: the queries of its cards are stopped, the place is free."""
    published, athena = publishing("hung_pdf", last=dt.date(2025, 12, 21), per_day=1), HeldAthena()
    service = Service(settings_from_environment(published.environment))
    service._athena = athena
    card = {"dataset": published.dataset.name, "title": "Rows per day", "show": "line", "by": ["day"]}
    with serving(lambda: service) as client, athena:
        made = client.post("/api/boards", json={"name": "Weekly", "cards": [card]})
        path = f"/api/boards/pdf?id={made.json()['id']}"
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until(lambda: athena.began)
            [job] = service.jobs.running()
        assert job.wait(20)
        assert job.state == "cancelled"
        assert athena.stopped == [job.query_execution_id]
    service.close()
