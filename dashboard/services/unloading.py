"""The statement that has Athena write a finished result to S3, made under the same checks as the result itself."""

import uuid
from collections.abc import Sequence

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.model.query_types import QueryRequest
from dashboard.model.result import QueryResult
from dashboard.model.statements import Statement, with_limit
from dashboard.services.service import Service
from dashboard.sql.unload import MOST_ROWS, UnloadFormat, unload_folder, unload_statement


def unload_of(
    service: Service, found: QueryResult, columns: Sequence[str], form: UnloadFormat, rows: int | None = None
) -> Statement:
    """Return the statement that writes these columns of a result to S3; `rows` at most, None: as in the result.

    What a person wrote is checked again. Raises RefusedSql, InvalidRequest for columns that the result has not.
    """
    names = found.names
    unknown = [column for column in columns if column not in names]
    if unknown or not columns:
        raise InvalidRequest((FieldFault("columns", f"expected some of {', '.join(names)}; found {unknown}"),))
    base = longer(service, found, found.row_count if rows is None else min(rows, MOST_ROWS))
    folder = unload_folder(found.output_location, uuid.uuid4().hex)
    return unload_statement(base, names, columns, form, folder)


def longer(service: Service, found: QueryResult, rows: int) -> Statement:
    """Return the statement of a result for so many rows instead; raise RefusedSql where it is allowed no longer."""
    # A statement asks for one row more than its limit, to know whether there are more; what is made of this must not.
    limit, asked = max(rows, 1) - 1, found.statement
    if not asked.written:
        return with_limit(asked, limit)
    request = QueryRequest("custom_sql", limit, sql=asked.written)
    return service.prepare(asked.dataset or service.names[0], request, dict(asked.given) if asked.given else None)
