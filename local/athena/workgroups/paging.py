"""Lists handed out in pages: MaxResults and NextToken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local.athena.errors import RequestError


def start_of(request: dict[str, Any]) -> int:
    """Return the position that a NextToken stands for."""
    token = request.get("NextToken") or "0"
    if not str(token).isdigit():
        raise RequestError("Invalid NextToken: it does not come from an earlier answer of this call")
    return int(token)


def page(name: str, items: Sequence[Any], request: dict[str, Any], size: int = 50) -> dict[str, Any]:
    """Answer a list call with the page that the request asks for."""
    start, count = start_of(request), int(request.get("MaxResults") or size)
    answer: dict[str, Any] = {name: list(items[start : start + count])}
    if start + count < len(items):
        answer["NextToken"] = str(start + count)
    return answer
