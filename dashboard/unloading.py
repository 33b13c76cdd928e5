"""The statement that has Athena write a finished result to S3, made under the same checks as the result itself."""

import uuid
from collections.abc import Sequence

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.queries import Statement, with_limit
from dashboard.query_types import QueryRequest
from dashboard.results import QueryResult
from dashboard.service import Service
from dashboard.unloads import MOST_ROWS, UnloadFormat, unload_folder, unload_statement


def unload_of(
    service: Service, found: QueryResult, columns: Sequence[str], form: UnloadFormat, rows: int | None = None
) -> Statement:
    """Return the statement that writes these columns of a result to S3; `rows` at most, None: as in the result.

    What a person wrote is checked again. Raises RefusedSql, InvalidRequest for columns that the result has not.
    """
    names, asked = found.names, found.statement
    unknown = [column for column in columns if column not in names]
    if unknown or not columns:
        raise InvalidRequest((FieldFault("columns", f"expected some of {', '.join(names)}; found {unknown}"),))
    # A statement asks for one row more than its limit, to know whether there are more; a file must not hold it.
    limit = max(found.row_count if rows is None else min(rows, MOST_ROWS), 1) - 1
    if asked.written:
        request = QueryRequest("custom_sql", limit, sql=asked.written)
        base = service.prepare(service.names[0], request, dict(asked.given) if asked.given else None)
    else:
        base = with_limit(asked, limit)
    folder = unload_folder(found.output_location, uuid.uuid4().hex)
    return unload_statement(base, names, columns, form, folder)
