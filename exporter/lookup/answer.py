"""A question flows in; the items that answer it flow out, and their lines as JSON or as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import SourceError
from exporter.lookup.questions import Question
from exporter.runtime.sdk_errors import code_of, credentials_problem, message_of
from exporter.values.attribute_values import AttributeValue, json_text, string_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, AttributeValue]

_WIDEST = 60
"""Characters of a cell; a longer one is cut with a mark. `--json` has them all."""


@dataclass(frozen=True)
class Answer:
    """The first items that answer a question."""

    items: tuple[Item, ...]
    more: bool
    """Whether there are items after these."""


def answer(client: "DynamoDBClient", question: Question, limit: int) -> Answer:
    """Return at most `limit` items; raise SourceError where the table cannot answer."""
    found: list[Item] = []
    for item in _items(client, question, limit + 1):
        if len(found) == limit:
            return Answer(tuple(found), more=True)
        found.append(item)
    return Answer(tuple(found), more=False)


def json_line(question: Question, item: Item) -> str:
    """Return an item as one JSON object; numbers keep their digits."""
    texts = {name: json_text(item[name]) or "null" for name in columns(question, [item])}
    return msgspec.json.encode({name: msgspec.Raw(text.encode()) for name, text in texts.items()}).decode()


def columns(question: Question, items: Sequence[Item]) -> tuple[str, ...]:
    """Return the attributes that at least one item has: the question's first, then the others by name."""
    present = {name for item in items for name in item} - question.hidden
    first = tuple(name for name in question.columns if name in present)
    return (*first, *sorted(present - set(first)))


def table_lines(question: Question, items: Sequence[Item]) -> Iterator[str]:
    """Yield a header and one line per item, in columns."""
    names = columns(question, items)
    lines = [names, *(tuple(_cell(item.get(name)) for name in names) for item in items)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cell(value: AttributeValue | None) -> str:
    # A line break inside a cell would look like the next item.
    text = " ".join((string_text(value) or "").split()) if value else ""
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _items(client: "DynamoDBClient", question: Question, wanted: int) -> Iterator[Item]:
    request: dict[str, Any] = question.request | {"Limit": wanted}
    while True:
        try:
            page: Any = client.query(**request)
        except (ClientError, BotoCoreError) as error:
            raise _failure(error, question) from None
        for item in page["Items"]:
            # The client returns binary as bytes, which msgspec writes as the base64 text that AttributeValue holds.
            yield msgspec.json.decode(msgspec.json.encode(item), type=Item)
        if not page.get("LastEvaluatedKey"):
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _failure(error: ClientError | BotoCoreError, question: Question) -> SourceError:
    where = f"index {question.index} of table {question.table}" if question.index else f"table {question.table}"
    if problem := credentials_problem(error):
        return SourceError(f"cannot read {where}: {problem}")
    if not isinstance(error, ClientError):
        return SourceError(f"cannot reach DynamoDB for {where}: {error}. Check the network and AWS_ENDPOINT_URL.")
    advice = {
        "ResourceNotFoundException": "Check --table and AWS_REGION; infra/operations.yaml makes the tables.",
        "AccessDeniedException": "The role needs dynamodb:Query on the table and its indexes.",
        "ValidationException": "Compare the table's keys and indexes with infra/operations.yaml.",
    }.get(code_of(error), "Run again.")
    return SourceError(f"cannot read {where}: {message_of(error)} ({code_of(error)}). {advice}")
