"""The product at work: everything in it that asks Athena, over one export."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from conformance.exports.publish import Export, run
from conformance.stand_in import StandIn
from dashboard.errors import QueryFailed
from dashboard.model.access.requester import Requester
from dashboard.model.query_types import available_query_types, request_from
from dashboard.model.selection.filters import Days, Filters, Values
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement, rows_statement
from dashboard.services.service import Service
from dashboard.services.suggestion import cheaper
from dashboard.services.unloading import unload_of
from dashboard.settings import settings_from_environment
from dashboard.sql.unload import FORMATS
from dashboard.ui.query.form import example
from dashboard.ui.result.row_count import count_statement
from infra.settings.templates import load_template

MOST_ROWS = 20_000
"""More than any export has, so that a LIMIT never chooses among rows."""
SMALL = 7
_AT_ONCE = 4
_AGENT = "Amara Okafor"
_ENTITIES = {"contacts": "6018366c-f658-47a7-9ed3-4fe53a096533", "types": "t-003"}
"""One that is there; the samples' ids depend on their seed alone."""

_READER = Requester(person="reader", claims={"texts": ["plain", "it's", "0"]})
"""Sees masks and the rows that a rule leaves, where a dataset has them."""


def work(export: Export, stand_in: StandIn) -> None:
    """Use everything of the product that asks Athena; what it sends is found in the stand-in's executions."""
    run(export, "verify", "--json", accept=(0, 1))
    run(export, "verify", "--json", "--start", "2025-12-30", "--end", "2026-02-01", accept=(0, 1))
    for sql in named_queries(export.database, export.name):
        stand_in.ask(sql, export.database)
    os.environ.update(export.environment)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    service = Service(settings_from_environment(export.environment), requester=lambda: _READER, manifest_seconds=3_600)

    def started(statement: Statement) -> None:
        with suppress(QueryFailed):  # an error is compared like an answer
            service.start(export.name, statement).outcome()

    def overview(filters: Filters) -> None:
        with suppress(QueryFailed):
            service.overview(export.name, filters)

    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(started, _statements(service, export.name)))
            list(pool.map(overview, _filters(service, export.name)))
        for days in _windows(service, export.name):
            service.daily(export.name, days)
    finally:
        service.close()


def named_queries(database: str, table: str) -> Iterator[str]:
    """Yield the queries that a deployment saves in Athena, with its database and table in place."""
    for resource in load_template("template").document["Resources"].values():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            text = str(resource["Properties"]["QueryString"]["Fn::Sub"])
            yield text.replace("${Database}", database).replace("${AthenaTable}", table)


def _statements(service: Service, name: str) -> Iterator[Statement]:
    model, manifest = service.model(name), service.manifest(name)
    if manifest is None or manifest.last_day is None:
        return
    last = manifest.last_day
    values: dict[str, object] = {
        "startDate": last - dt.timedelta(days=40),
        "endDate": last,
        "agentName": _AGENT,
        "contactId": _ENTITIES.get(name, "none"),
        "sql": f"SELECT * FROM {model.table}",
    }
    for kind in available_query_types(model):
        for limit in (MOST_ROWS, SMALL):
            given: dict[str, object] = {field: values[field] for field in kind.fields if field in values}
            yield service.prepare(name, request_from({"query": kind.id, "limit": limit, **given}, model, MOST_ROWS))
            bare: dict[str, object] = {field: values[field] for field in kind.required}
            yield service.prepare(name, request_from({"query": kind.id, "limit": limit, **bare}, model, MOST_ROWS))
    yield from _grouped(service, name, model)
    for filters in _filters(service, name):
        yield rows_statement(model, filters, MOST_ROWS)
    yield from _written(service, name, model, last)


def _grouped(service: Service, name: str, model: SemanticModel) -> Iterator[Statement]:
    """Yield measures of every kind and type, by each grouping in turn and the next one, under ranges of each type."""
    measures: list[dict[str, object]] = [
        {"measure": name} for name in ("rows", *(each.name for each in model.declared))
    ]
    # One column of each type: each has arithmetic of its own.
    numbers = {type_.name: column for column, type_ in model.ranged.items() if type_.is_number}
    for aggregate in ("distinct", "sum", "mean", "min", "max", "median"):
        measures += [{"measure": aggregate, "column": column} for column in numbers.values()]
    bounds: dict[str, dict[str, object]] = {
        column: {"from": -1, "to": "1000.5"} if type_.is_number else {"from": "2020-01-01"}
        for column, type_ in model.ranged.items()
    }
    for place, measure in enumerate(measures):
        by = [model.groupings[(place + step) % len(model.groupings)] for step in (0, 1)]
        column = list(bounds)[place % len(bounds)]
        for totals, filters in ((True, {}), (False, {column: bounds[column]}), (True, {column: {"empty": True}})):
            asked = {"query": "group_by", **measure, "by": by, "filters": filters, "totals": totals}
            yield service.prepare(name, request_from(asked, model, MOST_ROWS))


def _written(service: Service, name: str, model: SemanticModel, last: dt.date) -> Iterator[Statement]:
    """Yield what a person writes and what the pages make of it: fewer days, the number of rows, files."""
    agent = model.agent or "id"
    texts: tuple[tuple[str, dict[str, str]], ...] = (
        (f"SELECT * FROM {model.table}", {}),
        (example(service, name), {}),
        (f"SELECT year, month, count(*) AS n FROM {model.table} GROUP BY ROLLUP (year, month)", {}),
        (f"WITH d AS (SELECT year, month, day FROM {model.table}) SELECT day, count(*) FROM d GROUP BY day", {}),
        (
            f"SELECT * FROM {model.table} WHERE year = {{{{y:number}}}} AND {agent} = {{{{agent}}}}",
            {"y": f"{last.year}", "agent": _AGENT},
        ),
    )
    for text, given in texts:
        request = request_from({"query": "custom_sql", "sql": text}, model, MOST_ROWS)
        written = service.prepare(name, request, given or None)
        yield written
        narrowed = cheaper(service, name, written)
        if narrowed is not None:
            sent = request_from({"query": "custom_sql", "sql": narrowed.sql}, model, MOST_ROWS)
            yield service.prepare(name, sent, given or None)
        result = service.start(name, written).outcome()
        yield count_statement(service, result)
        for form in FORMATS:
            yield unload_of(service, result, result.names[:5], form)


def _windows(service: Service, name: str) -> Iterator[Days]:
    """Yield runs of days: one, a week, across ends of months and years, with days that were never published."""
    manifest = service.manifest(name)
    if manifest is None or manifest.first_day is None or manifest.last_day is None:
        return
    first, last = manifest.first_day, manifest.last_day
    month_end = calendar.monthrange(last.year, last.month)[1]
    yield Days(last - dt.timedelta(days=6), last)
    yield Days(last, last)
    yield Days(last - dt.timedelta(days=40), last - dt.timedelta(days=1))
    yield Days(first, last)
    yield Days(last.replace(day=1), last.replace(day=month_end))
    yield Days(dt.date(last.year - 1, 12, 31), dt.date(last.year, 1, 1))


def _filters(service: Service, name: str) -> Iterator[Filters]:
    windows = list(_windows(service, name))
    if not windows:
        return
    yield Filters()
    yield from map(Filters, windows)
    model = service.model(name)
    picked: list[dict[str | None, Values]] = [
        {model.channel: ("VOICE",)},
        {model.agent: (_AGENT, None), model.method: ("INBOUND", "API")},
        {model.agent: ("O'Neil",), model.channel: ("VOICE", "CHAT")},
    ]
    picked += [{dimension: (None, "", "it's")} for dimension in model.dimensions]
    for values, days in zip(picked, itertools.cycle(windows), strict=False):
        yield Filters(days, tuple((column, found) for column, found in values.items() if column in model.dimensions))
