"""Results as files, for programs: made here of the columns asked for, or written to S3 by Athena itself."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from dashboard.api.document.openapi import FILES
from dashboard.api.requests import one_of, text_or_none, texts, wrong
from dashboard.aws.s3 import LINK_SECONDS
from dashboard.model.query_types import name_in_words
from dashboard.model.result import QueryResult
from dashboard.results.downloads import NULLS, csv_batches, file_name, parquet_bytes
from dashboard.results.excel import excel_bytes
from dashboard.results.time_zones import UTC
from dashboard.services.job import API, Job
from dashboard.services.service import Service
from dashboard.services.unloading import unload_of
from dashboard.sql.unload import EXTENSIONS, FORMATS, MOST_ROWS, UnloadFormat

MOST_LINKS: Final = 100

Named = Callable[[str], str]
"""Names a file, given its extension."""


def named(service: Service, job: Job) -> Named:
    """Return what names the files of a job."""
    name, now = job.statement.dataset or service.names[0], dt.datetime.now(dt.UTC)
    what = name_in_words(job.statement.title, service.model(name))
    return lambda extension: file_name(name, what, now, extension)


def own_file(service: Service, result: QueryResult, name: Named) -> Response:
    """Return the way to Athena's own CSV file: every column, as Athena wrote it."""
    link = service.objects.link(result.output_location, name("csv"))
    return RedirectResponse(link, status_code=302, headers={"Cache-Control": "no-store"})


def made_file(request: Request, result: QueryResult, name: Named, zone: str) -> Response:
    """Return a file of the columns asked for, in the format asked for; `zone` is the dataset's."""
    params = request.query_params
    form = one_of(params["format"], "format", FILES)
    null = one_of(params.get("nulls", ""), "nulls", tuple(NULLS))
    safe = one_of(params.get("formulaSafe", "true"), "formulaSafe", ("true", "false")) == "true"
    mark = one_of(params.get("bom", "false"), "bom", ("true", "false")) == "true"
    times_in = one_of(params.get("timeZone", UTC), "timeZone", (UTC, zone))
    columns = _columns(result, params.getlist("columns") or None)
    headers = {"Content-Disposition": f'attachment; filename="{name(form)}"', "Cache-Control": "no-store"}
    if form == "csv":
        pieces = csv_batches(result.table, columns, formula_safe=safe, null=null, byte_order_mark=mark, zone=times_in)
        return StreamingResponse(pieces, headers=headers, media_type="text/csv")
    make = parquet_bytes if form == "parquet" else functools.partial(excel_bytes, zone=times_in)
    return Response(make(result.table, columns), headers=headers, media_type="application/octet-stream")


def start_unload(service: Service, result: QueryResult, body: dict[str, Any]) -> Job:
    """Start the statement that writes a result to S3: `columns`, `format` and `limit` of the body."""
    columns = _columns(result, texts(body.pop("columns", None), "columns"))
    form: UnloadFormat = one_of(text_or_none(body, "format") or "parquet", "format", FORMATS)
    limit = body.pop("limit", None)
    if limit is not None and (type(limit) is not int or not 1 <= limit <= MOST_ROWS):
        raise wrong("limit", f"expected a whole number from 1 to {MOST_ROWS}; found {limit!r:.60}")
    if body:
        field = next(iter(body))
        raise wrong(field, "unknown; expected queryExecutionId, columns, format and limit")
    name = result.statement.dataset or service.names[0]
    return service.start(name, unload_of(service, result, columns, form, limit), owner=API)


def written_files(service: Service, result: QueryResult, name: Named) -> dict[str, Any]:
    """Return the links to what was written, good for 5 minutes; asking again gives new ones."""
    if not result.statement.unloads:
        raise wrong("queryExecutionId", "expected the id that /api/unload gave; found one of a query")
    extension, links = EXTENSIONS[one_of(result.statement.unloads, "format", FORMATS)], []
    for place, uri in enumerate(result.files[:MOST_LINKS], 1):
        link = service.objects.link(uri, name(f"part-{place}.{extension}"))
        links.append({"url": link, "bytes": service.objects.size(uri)})
    return {
        "queryExecutionId": result.query_execution_id,
        "files": links,
        "fileCount": len(result.files),
        "expiresInSeconds": LINK_SECONDS,
    }


def _columns(result: QueryResult, asked: list[str] | None) -> list[str]:
    known = result.names
    unknown = [column for column in asked or () if column not in known]
    if unknown or asked == []:
        raise wrong("columns", f"expected some of {', '.join(known)}; found {unknown!r:.60}")
    return known if asked is None else list(dict.fromkeys(asked))
