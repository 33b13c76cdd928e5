"""Calls with arguments that Athena refuses and DuckDB takes: their number, or what they are as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local.athena.errors import SYNTAX, QueryError

_HASHES = (exp.MD5Digest, exp.SHA, exp.SHA2, exp.SHA2Digest)


def check_arguments(tree: exp.Expr) -> None:
    """Fail, as Athena does, at the first call that it refuses."""
    for node in tree.walk():
        for name, message in _faults(node):
            raise QueryError(f"{name}: line 1:1: {message}", SYNTAX)


def _faults(node: exp.Expr) -> Iterator[tuple[str, str]]:
    if isinstance(node, exp.Concat) and len(node.expressions) == 1:
        yield "INVALID_FUNCTION_ARGUMENT", "There must be two or more concatenation arguments"
    elif isinstance(node, exp.Extract) and node.this.name.upper() == "EPOCH":
        yield "SYNTAX_ERROR", "Invalid EXTRACT field: epoch. Use to_unixtime()"
    elif isinstance(node, exp.ArrayPosition) and isinstance(node.args.get("zero_based"), exp.Expr):
        yield "FUNCTION_NOT_FOUND", "Unexpected parameters for function array_position. It takes two"
    elif isinstance(node, _HASHES) and isinstance(node.this, exp.Literal) and node.this.is_string:
        yield "FUNCTION_NOT_FOUND", "Unexpected parameters (varchar) for a hash. Expected: varbinary; use to_utf8()"
    elif isinstance(node, exp.TimeToStr) and "%w" in node.args["format"].name:
        yield "INVALID_FUNCTION_ARGUMENT", "%w not supported in date format string"
