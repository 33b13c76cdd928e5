"""Point 2: every statement that the product sends, recorded while it works, then asked of both engines."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
from collections.abc import Iterable, Iterator

import structlog

from conformance.comparison import Case, Part, asked, explanations
from conformance.engine.client import Trino
from conformance.exports.publish import Export, run
from conformance.stand_in import StandIn
from dashboard.model.filters import Days, Filters
from dashboard.model.query_types import available_query_types, request_from
from dashboard.model.statements import Statement, rows_statement
from dashboard.services.service import Service
from dashboard.services.suggestion import cheaper
from dashboard.services.unloading import unload_of
from dashboard.settings import settings_from_environment

MOST_ROWS = 20_000
"""More than any export has, so that a LIMIT never chooses among rows."""
SMALL = 7
_ENTITIES = {"contacts": "6018366c-f658-47a7-9ed3-4fe53a096533", "types": "t-003"}
"""One that is there; the samples' ids depend on their seed alone."""
_LIMIT = re.compile(r" LIMIT (\d+)$")
_UNLOAD = re.compile(r"^UNLOAD \((.*)\) TO '[^']*' WITH \([^)]*\)$", re.DOTALL)


def compare(trino: Trino, stand_in: StandIn, exports: Iterable[Export]) -> Part:
    """Return how both engines compare on what the product sends over every export."""
    part = Part("Product", "the local Athena")
    explained = explanations("product")
    cases: dict[tuple[str, tuple[str, ...]], Case] = {}
    for export in exports:
        part.tables.add(export.name)
        before = stand_in.executions()
        _work(export)
        for sql, database, parameters in stand_in.sent(before):
            for case in _cases(export.name, sql, database, parameters):
                cases.setdefault((case.sql, case.parameters), case)
    outcomes = asked(
        list(cases.values()),
        lambda case: trino.ask(case.sql, case.database, case.parameters),
        lambda case: stand_in.ask(case.sql, case.database, case.parameters),
    )
    for case, (engine, local) in outcomes:
        part.compare(case, engine, local, explained)
    return part


def _work(export: Export) -> None:
    """Use everything of the product that asks Athena."""
    run(export, "verify", "--json", accept=(0, 1))
    os.environ.update(export.environment)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    service = Service(settings_from_environment(export.environment), manifest_seconds=0)
    try:
        for statement in _statements(service, export.name):
            service.start(export.name, statement).outcome()
        for filters in _filters(service, export.name):
            service.overview(export.name, filters)
        manifest = service.manifest(export.name)
        if manifest and manifest.first_day and manifest.last_day:
            service.daily(export.name, Days(manifest.first_day, manifest.last_day))
    finally:
        service.close()


def _statements(service: Service, name: str) -> Iterator[Statement]:
    model, manifest = service.model(name), service.manifest(name)
    if manifest is None or manifest.last_day is None:
        return
    last = manifest.last_day
    values: dict[str, object] = {
        "startDate": last - dt.timedelta(days=40),
        "endDate": last,
        "agentName": "Amara Okafor",
        "contactId": _ENTITIES.get(name, "none"),
        "sql": f"SELECT * FROM {model.table}",
    }
    for kind in available_query_types(model):
        for limit in (MOST_ROWS, SMALL):
            given: dict[str, object] = {field: values[field] for field in kind.fields if field in values}
            yield service.prepare(name, request_from({"query": kind.id, "limit": limit, **given}, model, MOST_ROWS))
            bare: dict[str, object] = {field: values[field] for field in kind.required}
            yield service.prepare(name, request_from({"query": kind.id, "limit": limit, **bare}, model, MOST_ROWS))
    for filters in _filters(service, name):
        yield rows_statement(model, filters, MOST_ROWS)
    written = service.prepare(name, request_from({"query": "custom_sql", "sql": values["sql"]}, model, MOST_ROWS))
    narrowed = cheaper(service, name, written)
    if narrowed is not None:
        yield service.prepare(name, request_from({"query": "custom_sql", "sql": narrowed.sql}, model, MOST_ROWS))
    result = service.start(name, written).outcome()
    for form in ("parquet", "json"):
        yield unload_of(service, result, result.names[:5], form)


def _filters(service: Service, name: str) -> Iterator[Filters]:
    manifest = service.manifest(name)
    if manifest is None or manifest.last_day is None:
        return
    last = manifest.last_day
    week = Days(last - dt.timedelta(days=6), last)
    yield Filters(week)
    yield Filters(Days(last, last))
    yield Filters(Days(last - dt.timedelta(days=40), last - dt.timedelta(days=1)))
    model = service.model(name)
    picked: tuple[dict[str | None, tuple[str | None, ...]], ...] = (
        {model.channel: ("VOICE",)},
        {model.agent: ("Amara Okafor", None), model.method: ("INBOUND", "API")},
        {model.agent: ("O'Neil",), model.channel: ("VOICE", "CHAT")},
    )
    for values in picked:
        yield Filters(week, tuple((column, found) for column, found in values.items() if column in model.dimensions))


def _cases(label: str, sql: str, database: str, parameters: tuple[str, ...]) -> Iterator[Case]:
    """Yield what of a statement two engines can be asked.

    UNLOAD is Athena's own: its SELECT is compared. A LIMIT that cuts among rows of a day may choose any of them, so the
    statement is compared without it, and its own rows by their number.
    """
    unloaded = _UNLOAD.match(sql)
    sql = unloaded[1] if unloaded else sql
    bound = _LIMIT.search(sql)
    if bound and int(bound[1]) <= SMALL + 1:
        yield Case(label, f"SELECT count(*) FROM ({sql})", database, parameters)
        sql = sql[: bound.start()]
    yield Case(label, sql, database, parameters)
