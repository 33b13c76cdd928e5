"""Each mend of a hole that was found by attack, taken out again: the test that stands for it fails.

Each is tried in a copy. `MENDS=1` tries all of them, for five minutes, as `make soak` does; without it two are
tried. docs/security.md lists holes and tests.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("dataset_model", "datasets", "dashboard", "exporter", "local", "sdk_session", "tests", "pyproject.toml")


class Undone(NamedTuple):
    """How a hole is opened again, and the test that notices it; paths of code from the root, of tests from `tests`."""

    file: str
    text: str
    instead: str
    test: str


GATE, STREAM = "dashboard/sign_in/gate.py", "dashboard/sign_in/socket/gate.py"
API, OWNERSHIP = "dashboard/api/routes.py", "dashboard/api/test_ownership.py"
SESSIONS, QUEUE = "dashboard/sign_in/test_sessions.py", "dashboard/services/test_fair_queue.py"
TOKENS = "dashboard/sign_in/test_tokens_in_api.py"
HOSTILE_FILES = "dataset_model/test_hostile_files.py"

UNDONE = {
    "a stranger's socket reaches scripts": Undone(
        STREAM,
        'is None:\n            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})',
        "is None:\n            await self._app(scope, receive, send)",
        "dashboard/sign_in/test_stream_gate.py::test_the_stream_gate_alone_refuses_what_comes_over_plain_http",
    ),
    "a browser clears the caches of all": Undone(
        "dashboard/sign_in/socket/messages.py",
        "    return not name or name in ALLOWED\n",
        "    return True\n",
        "dashboard/sign_in/test_stream_gate.py::test_no_browser_clears_the_caches_of_all",
    ),
    "the service lives where caches are cleared": Undone(
        "dashboard/services/process_service.py",
        "                self._service = self._make()\n            return self._service",
        "                pass\n            import streamlit\n            return streamlit.cache_resource(self._make)()",
        "dashboard/services/test_process_service.py",
    ),
    "the time to read a statement doubles with each level": Undone(
        "dashboard/sql/grammar/expressions.py",
        '            parts = self._values_or_query()\n            self.expect(")")\n        if self.at',
        "            place = self.place\n            self._values_or_query()\n            self.place = place\n"
        "            self.here = self._tokens[place]\n            parts = self._values_or_query()\n"
        '            self.expect(")")\n        if self.at',
        "dashboard/sql/test_parse_time.py::test_no_nesting_takes_over_a_second",
    ),
    "pages of other sites start queries": Undone(
        "dashboard/api/requests.py",
        '    if foreign or request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:',
        "    if False:",
        f"{OWNERSHIP}::test_pages_of_other_sites_start_nothing_that_costs",
    ),
    "an estimate is taken from other sites": Undone(
        API,
        "        refuse_other_sites(request)\n        body = await json_object(request)\n"
        "        service = await self._in_thread(self._provider)\n\n        def bound",
        "        body = await json_object(request)\n        service = await self._in_thread(self._provider)\n\n"
        "        def bound",
        f"{OWNERSHIP}::test_pages_of_other_sites_start_nothing_that_costs",
    ),
    "one person takes every thread": Undone(
        "dashboard/services/fair_queue.py",
        "for name in self._lanes if self._running[name] < self._share(name)), None)",
        "for name in self._lanes), None)",
        f"{QUEUE}::test_a_person_with_many_queries_leaves_room_for_another",
    ),
    "the next thread serves the same person again": Undone(
        "dashboard/services/fair_queue.py",
        "            self._lanes.move_to_end(lane)\n",
        "",
        f"{QUEUE}::test_a_free_thread_takes_the_next_person_in_turn",
    ),
    "a person's queue has no end": Undone(
        "dashboard/services/fair_queue.py",
        "            if len(waiting) >= QUEUED_PER_LANE:",
        "            if False:",
        f"{QUEUE}::test_a_full_lane_is_refused_with_the_figures",
    ),
    "the queue of all has no end": Undone(
        "dashboard/services/fair_queue.py",
        "            if sum(map(len, self._lanes.values())) >= QUEUED:",
        "            if False:",
        f"{QUEUE}::test_the_whole_queue_is_bounded",
    ),
    "DELETE stops nothing": Undone(
        API,
        "        await self._in_thread(lambda: service.jobs.cancel(job.id))\n        return json",
        "        return json",
        f"{OWNERSHIP}::test_delete_stops_the_query_in_athena",
    ),
    "a query goes on for a client who hung up": Undone(
        API,
        "                if await request.is_disconnected():",
        "                if False:",
        f"{OWNERSHIP}::test_a_client_that_hangs_up_leaves_no_query_in_athena",
    ),
    "the queries of all are listed as one's own": Undone(
        API,
        "for job in service.jobs.running() if service.permissions.owns(job.ticket)]",
        "for job in service.jobs.running()]",
        f"{OWNERSHIP}::test_delete_stops_the_query_in_athena",
    ),
    "the bytes of a day have no limit": Undone(
        "dashboard/services/audit.py",
        "        if spent >= self._limit:",
        "        if False:",
        f"{OWNERSHIP}::test_the_bytes_of_a_day_are_a_persons_own",
    ),
    "a result is everybody's": Undone(
        "dashboard/services/permissions.py",
        "ticket.owner == SHARED or ticket.person != asks.person or not (asks.person or ticket.owner == API)",
        "ticket.owner == SHARED",
        f"{OWNERSHIP}::test_a_result_is_its_persons_alone",
    ),
    "a private query is everybody's": Undone(
        "dashboard/stores/query_library.py",
        'key = saved_key(dataset.target.prefix, name, "" if shared else asks.person)\n        if etag',
        'key = saved_key(dataset.target.prefix, name, "")\n        if etag',
        "dashboard/stores/test_query_library.py::test_a_private_query_is_seen_by_its_person_alone",
    ),
    "a saved query is changed by anybody": Undone(
        "dashboard/stores/query_library.py",
        '        if query.person and query.person != asks.person and not (query.shared and asks.roles.has("admin")):',
        "        if False:",
        "dashboard/stores/test_query_library.py::test_a_saved_query_is_changed_by_its_person_or_an_admin_alone",
    ),
    "the audit line has no person": Undone(
        "dashboard/services/audit.py",
        "            person=ticket.person or ticket.lane,\n            owner",
        "            owner",
        f"{OWNERSHIP}::test_each_execution_is_one_line_of_the_audit_log_and_counts_as_spending",
    ),
    "what people spend is not added up": Undone(
        "dashboard/services/audit.py",
        "            self._add(ticket, scanned, dollars)",
        "            pass",
        f"{OWNERSHIP}::test_each_execution_is_one_line_of_the_audit_log_and_counts_as_spending",
    ),
    "everybody reads what others spend": Undone(
        API,
        '        service.permissions.require_admin("reading what other people spend")\n',
        "",
        f"{OWNERSHIP}::test_admin_of_one_dataset_reads_no_spending",
    ),
    "signing out clears one cookie": Undone(
        GATE,
        "            await self._sessions.end_person(person.subject)",
        "            pass",
        f"{SESSIONS}::test_signing_out_ends_every_session_of_the_person_at_once",
    ),
    "open tabs outlive their session": Undone(
        "dashboard/sign_in/sessions.py",
        "        for end in tuple(session.enders):\n            end()\n",
        "",
        f"{SESSIONS}::test_open_pages_end_with_the_session",
    ),
    "a sign-out is forgotten at the next start": Undone(
        "dashboard/sign_in/sessions.py",
        "                await asyncio.to_thread(lambda store: store().add(_digest(subject), until), self._store)",
        "                pass",
        f"{SESSIONS}::test_a_sign_out_holds_in_other_tasks_and_after_a_restart",
    ),
    "no session is ever idle": Undone(
        "dashboard/sign_in/sessions.py",
        "min(session.last_active + self._idle_seconds, session",
        "min(float('inf'), session",
        f"{SESSIONS}::test_a_session_without_activity_ends",
    ),
    "no admin ends a session": Undone(
        "dashboard/api/personal/sessions.py",
        "        ended = await sessions.end_person(person)",
        "        ended = await sessions.end_person(asks.person)",
        f"{OWNERSHIP}::test_an_admin_ends_the_sessions_of_another_person",
    ),
    "functions are called by any name": Undone(
        "dashboard/sql/grammar/calls.py",
        "        if names[0].lower() not in FUNCTIONS:",
        "        if False:",
        "dashboard/sql/test_guard.py::test_hostile_sql_is_refused_with_its_reason",
    ),
    "a guarded address ends like an open one": Undone(
        "dashboard/sign_in/guarded_paths.py",
        "not is_one_of(path, _OPEN)",
        "not path.endswith(_OPEN)",
        "dashboard/sign_in/test_gate.py::test_what_holds_figures_is_closed",
    ),
    "a page that opened this one keeps a handle": Undone(
        "dashboard/server/security_headers.py",
        '    (b"cross-origin-opener-policy", b"same-origin"),\n',
        "",
        "dashboard/server/test_security_headers.py::test_every_answer_says_who_may_embed_open_or_load_it",
    ),
    "a prefix is inside the folders of another dataset": Undone(
        "dataset_model/targets/target.py",
        "    if reserved",
        "    if False and reserved",
        f"{HOSTILE_FILES}::test_a_prefix_within_the_folders_of_another_dataset_is_refused",
    ),
    "tags of YAML convert long numbers and odd dates": Undone(
        "dataset_model/reading/yaml_text.py",
        "        if node.tag not in _TAGS:",
        "        if False:",
        f"{HOSTILE_FILES}::test_long_numbers_are_refused_quickly",
    ),
    "a held-back body starts something after the end": Undone(
        "dashboard/sign_in/answers.py",
        "            answer = answer or await refusal()",
        "            pass",
        f"{TOKENS}::test_a_body_that_comes_after_the_end_starts_nothing",
    ),
    "shared answers of one person take the turns of others": Undone(
        "dashboard/services/permissions.py",
        '        lane = f"{SHARED} {asks.person}".rstrip() if owner == SHARED else asks.person',
        "        lane = SHARED if owner == SHARED else asks.person",
        "dashboard/api/test_turns.py::test_shared_answers_wait_by_the_person_who_asks_first",
    ),
    "one person takes every thread of the API": Undone(
        "dashboard/api/turns.py",
        "_Lane(self._per_person)",
        "_Lane(10_000)",
        "dashboard/api/test_turns.py::test_a_person_has_a_few_threads_at_once_and_a_bounded_queue",
    ),
    "the queries of a PDF go on for a client who hung up": Undone(
        "dashboard/api/personal/boards.py",
        "            if await request.is_disconnected():",
        "            if False:",
        "dashboard/api/test_turns.py::test_a_client_that_hangs_up_leaves_no_query_of_its_pdf",
    ),
    "a request of two lengths is served": Undone(
        GATE,
        "        elif _has_two_lengths(scope):",
        "        elif False:",
        f"{OWNERSHIP}::test_a_request_with_two_lengths_is_refused_with_its_connection",
    ),
    "a person opens pages without end": Undone(
        STREAM,
        "        elif self._sessions.open_pages(session.person.subject) >= MOST_PAGES:",
        "        elif False:",
        "dashboard/sign_in/test_stream_gate.py::test_a_person_has_a_bounded_number_of_pages_open",
    ),
    "each link that a stranger makes up is a reading": Undone(
        "dashboard/api/personal/unsubscribe.py",
        "        if self._key is None:",
        "        if True:",
        "dashboard/reports/test_sending.py::test_links_that_strangers_make_up_are_refused_by_one_reading",
    ),
    "tokens that one person makes hold the threads of files and health": Undone(
        "dashboard/api/personal/tokens.py",
        "await self._turns.run(lambda: tokens.make(asks, name, scope, days, datasets))",
        "await __import__('anyio').to_thread.run_sync(tokens.make, asks, name, scope, days, datasets)",
        f"{TOKENS}::test_tokens_that_one_person_makes_hold_no_threads_of_others",
    ),
    "one person saves queries without end": Undone(
        "dashboard/stores/query_library.py",
        "        if etag is None and sum(",
        "        if False and sum(",
        "dashboard/stores/test_query_library.py::test_a_person_has_a_bounded_number_of_saved_queries",
    ),
    "a message of megabytes holds up the loop of all": Undone(
        "dashboard/sign_in/socket/messages.py",
        "    if len(data) > MOST_BYTES:",
        "    if False:",
        "dashboard/sign_in/test_stream_gate.py::test_a_message_of_megabytes_is_dropped_unread",
    ),
    "a personal token ends the sessions of its person": Undone(
        "dashboard/api/personal/sessions.py",
        "    if asks.is_limited:",
        "    if False:",
        f"{TOKENS}::test_a_token_ends_and_lists_no_sessions",
    ),
    "a title writes headers of a mail": Undone(
        "dashboard/reports/messages/mail.py",
        '    return formats.one_line(text).replace("=?", "= ?")[',
        "    return formats.one_line(text)[",
        "dashboard/reports/test_mail.py::test_a_subject_adds_no_header",
    ),
}

QUICK = ("a private query is everybody's", "a prefix is inside the folders of another dataset")


@pytest.mark.parametrize("hole", UNDONE)
def test_every_mend_is_where_this_list_says(hole):
    """The list is of use only as long as it fits the code."""
    undone = UNDONE[hole]
    file, _, name = undone.test.partition("::")
    assert (ROOT / undone.file).read_text().count(undone.text) == 1
    assert f"def {name}" in (ROOT / "tests" / file).read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Everything that these tests need, to be changed."""
    folder = tmp_path_factory.mktemp("mends")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@pytest.mark.parametrize("hole", UNDONE if "MENDS" in os.environ else QUICK)
def test_a_hole_that_is_open_again_is_noticed(hole, copy):
    """The test of a hole fails without its mend, by what it asserts and not by an error of its set-up."""
    undone = UNDONE[hole]
    file = copy / undone.file
    before = file.read_text()
    file.write_text(before.replace(undone.text, undone.instead))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/{undone.test}"],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_text(before)
    assert re.search(r"^1 failed(?!.*error)", done.stdout, re.MULTILINE), done.stdout[-2000:] + done.stderr[-1000:]
