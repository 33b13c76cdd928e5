"""Answers of the first Overview flow in, the body of one object on S3 flows out, and back.

An answer holds the rows as Athena gave them; figures are computed from them when they are read. The object names its
question by a digest of the statements with their values and of every object that the manifest records. It answers no
other question, day or export.
"""

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dashboard.model.result import Answer, Statistics
from dashboard.model.statements import Statement
from dataset_model.records.manifest import Manifest

OVERVIEW_FOLDER: Final = "_overview"
"""Under the prefix of the data; Athena skips names that begin with `_`."""

MOST_ROWS: Final = 5_000
"""More rows are not stored: reading them would take as long as a query."""

_FORMAT: Final = 1


class NotReadable(ValueError):
    """The stored object is not in a form that this version reads."""


class _Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: Literal[1]
    question: str
    sha256: str
    """Of `answers`."""
    answers: str
    """JSON: per statement the execution's id, the columns' names, and the rows as lists of values."""


def answers_key(prefix: str) -> str:
    """Return the key of a dataset's answers: one object, which the answers of the next question replace."""
    return f"{prefix}/{OVERVIEW_FOLDER}/answers.json"


def question_from(manifest: Manifest, statements: Sequence[Statement]) -> str:
    """Return the digest of a question: equal digests have equal answers."""
    recorded = sorted((item.key, item.etag) for day in manifest.days.values() for item in day.objects)
    asked = [[statement.sql, statement.parameters] for statement in statements]
    published = [manifest.location, manifest.version, manifest.updated_at.isoformat()]
    return _digest(json.dumps([_FORMAT, published, recorded, asked]))


def body_from(question: str, answers: Sequence[Answer]) -> bytes | None:
    """Return the body to store, or None for answers that are too large or not exact in JSON."""
    if sum(len(answer.rows) for answer in answers) > MOST_ROWS:
        return None
    try:
        text = json.dumps([_rows_as_lists(answer) for answer in answers], allow_nan=False, default=_decimal)
    except (TypeError, ValueError):
        return None
    envelope = _Envelope(format=_FORMAT, question=question, sha256=_digest(text), answers=text)
    return envelope.model_dump_json().encode()


def answers_from(body: bytes, question: str, statements: Sequence[Statement]) -> tuple[Answer, ...] | None:
    """Return the stored answers to a question; None where the object answers another one. Raises NotReadable."""
    try:
        envelope = _Envelope.model_validate_json(body)
    except ValidationError as error:
        raise NotReadable(str(error.errors(include_url=False)[0]["msg"])) from None
    if envelope.question != question:
        return None
    if envelope.sha256 != _digest(envelope.answers):
        raise NotReadable("its checksum differs")
    try:
        found = zip(statements, json.loads(envelope.answers, object_hook=_value), strict=True)
        return tuple(_answer(statement, *answer) for statement, answer in found)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        raise NotReadable("its answers have another layout") from None


def _rows_as_lists(answer: Answer) -> list[Any]:
    names = list(answer.rows[0]) if answer.rows else []
    return [answer.query_execution_id, names, [[row[name] for name in names] for row in answer.rows]]


def _answer(statement: Statement, execution_id: str, names: list[str], rows: list[list[Any]]) -> Answer:
    # As Athena's own result reuse is reported: nothing was scanned.
    nothing = Statistics(0, 0, 0, reused=True, submitted_at=None)
    return Answer(execution_id, statement, nothing, tuple(dict(zip(names, row, strict=True)) for row in rows))


def _decimal(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _value(stored: dict[str, str]) -> Decimal:
    return Decimal(stored["decimal"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
