"""People who ask the API for queries, some of whom go away before the answer, and what Athena is left with."""

import asyncio
import json
from collections import Counter

import httpx

from support.pages import client

_QUICK = "SELECT channel, count(*) + {number} AS n FROM gsi_export GROUP BY channel"
_LONG = "SELECT count(*) + {number} FROM gsi_export a, gsi_export b, gsi_export c WHERE a.agent_name < c.agent_name"
_PATIENCE = 60.0
"""Seconds; the server answers after 25 at the latest."""
_BEFORE_LEAVING = 1.0


async def ask(port: int, number: int) -> None:
    """Ask a question that was not asked before; raise for an answer that is none."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE) as api:
        answer = await api.post("/api/query", json=_body(_QUICK, number))
        answer.raise_for_status()


async def hang_up(port: int, number: int) -> None:
    """Ask for what takes minutes, and close the connection while it runs."""
    body = json.dumps(_body(_LONG, number)).encode()
    head = f"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(_BEFORE_LEAVING)
    writer.close()
    await writer.wait_closed()


def _body(sql: str, number: int) -> dict[str, object]:
    return {"query": "custom_sql", "sql": sql.format(number=number), "limit": 10}


def executions(environment: dict[str, str]) -> Counter[str]:
    """Return how many query executions Athena holds in each state."""
    athena = client("athena", environment)
    states: Counter[str] = Counter()
    for page in athena.get_paginator("list_query_executions").paginate():
        if ids := page["QueryExecutionIds"]:
            found = athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
            states.update(execution["Status"]["State"] for execution in found)
    return states
