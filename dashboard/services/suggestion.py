"""Custom SQL flows in, SQL that reads only the last published days flows out."""

from dashboard.model.query_types import QueryRequest
from dashboard.model.statements import Statement
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import suggested_days
from dashboard.sql.rewrite import Proposal, proposal_from


def cheaper(service: Service, name: str, statement: Statement) -> Proposal | None:
    """Return custom SQL confined to the last published days; None where that is impossible or saves nothing."""
    latest = {}
    for read in service.names:
        manifest = service.manifest(read)
        if manifest is not None and (days := suggested_days(manifest)) is not None:
            latest[service.model(read).table_name] = days
    given = dict(statement.given) if statement.given else None

    def reads_less(sql: str) -> bool:
        bound = service.estimate(name, service.prepare(name, QueryRequest("custom_sql", 1, sql=sql), given))
        return bound is not None and not bound.reads_everything

    return proposal_from(statement.written, service.catalogue(), latest, reads_less)
