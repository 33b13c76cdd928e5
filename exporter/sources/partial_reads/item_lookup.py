"""Primary keys of items flow in, the current items flow out."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from exporter.decoding.page import key_for_client
from exporter.errors import SourceError
from exporter.runtime.sdk_errors import code_of, key_permission, message_of
from exporter.sources.index_query import source_error
from exporter.sources.rate_limiter import RateLimiter
from exporter.values.attribute_values import AttributeValue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 100
"""DynamoDB takes no more keys in one request."""

_LONGEST_PAUSE = 5.0

Item = Mapping[str, AttributeValue]


class ItemLookup:
    """Reads items of one table by primary key, with only the given attributes."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        key: tuple[str, ...],
        attributes: Iterable[str],
        limiter: RateLimiter,
        sleep: Callable[[float], None] = time.sleep,
        *,
        consistent: bool = False,
    ) -> None:
        """`limiter` counts and bounds the read units.

        `consistent`: an item that was deleted a moment ago must not be found; costs twice the read units.
        """
        self._client = client
        self._table = table
        self._key = key
        self._names = {f"#a{at}": name for at, name in enumerate(dict.fromkeys((*key, *attributes)))}
        self._limiter = limiter
        self._sleep = sleep
        self._consistent = consistent

    def items(self, wanted: Iterable[Item]) -> Iterator[Item]:
        """Yield the items that still exist, in no order, of those with the given key attributes."""
        waiting = [self._client_key(item) for item in wanted]
        pause = 0.05
        while waiting:
            with self._limiter.turn("look-ups") as most:
                keys = waiting[: min(most or _BATCH, _BATCH)]
                found, left = self._batch(keys, most)
            yield from found
            waiting = left + waiting[len(keys) :]
            if not left:
                pause = 0.05
                continue
            self._sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _batch(self, keys: list[dict[str, Any]], limit: int | None) -> tuple[list[Item], list[dict[str, Any]]]:
        request: Any = {
            "Keys": keys,
            "ProjectionExpression": ", ".join(self._names),
            "ExpressionAttributeNames": self._names,
            "ConsistentRead": self._consistent,
        }
        try:
            answer: Any = self._client.batch_get_item(
                RequestItems={self._table: request}, ReturnConsumedCapacity="TOTAL"
            )
        except (ClientError, BotoCoreError) as error:
            raise self._refusal(error) from None
        left = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        units = sum(each["CapacityUnits"] for each in answer.get("ConsumedCapacity", ()))
        retries = answer["ResponseMetadata"].get("RetryAttempts", 0) + bool(left)
        self._limiter.learn(items=len(keys) - len(left), units=units, limit=limit, retries=retries, kind="look-ups")
        return [_parsed(item) for item in answer["Responses"].get(self._table, [])], left

    def _refusal(self, error: ClientError | BotoCoreError) -> SourceError:
        code, message, what = code_of(error), message_of(error), f"items of table {self._table}"
        if code == "AccessDeniedException" and key_permission(message) is None:
            advice = "The role needs dynamodb:BatchGetItem on the table."
            return SourceError(f"cannot read {what}: {message} ({code}). {advice}")
        return source_error(error, what)

    def _client_key(self, item: Item) -> dict[str, Any]:
        plain: Any = {name: msgspec.to_builtins(item[name]) for name in self._key}
        return key_for_client(plain) or {}


def _parsed(item: dict[str, Any]) -> Item:
    # The client returns binary as bytes, which msgspec writes as the base64 text that AttributeValue holds.
    return msgspec.json.decode(msgspec.json.encode(item), type=dict[str, AttributeValue])
