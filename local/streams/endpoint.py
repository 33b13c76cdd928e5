"""A stream flows in, the API of DynamoDB Streams on a loopback port flows out, as far as readers of shards call it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from local.streams.table_stream import Record, TableStream

MOST_RECORDS = 1000
"""In one answer."""

SHARDS_A_PAGE = 100
_TTL_IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}

Parameters = dict[str, Any]


class StreamError(Exception):
    """What the service refuses; the first argument is its code."""


class StreamEndpoint:
    """Serves one stream; `url` is what AWS_ENDPOINT_URL_DYNAMODB_STREAMS is set to."""

    def __init__(self, stream: TableStream) -> None:
        self.stream = stream
        self.empty_answers = 0
        """Answers without records before each one with some, as in the middle of a shard."""
        self._empty: dict[str, int] = {}

    def __enter__(self) -> Self:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for an answer: separate ones wait for each other

            def do_POST(self) -> None:
                operation = self.headers["x-amz-target"].rpartition(".")[2]
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                try:
                    status, answer = 200, endpoint.answer(operation, asked)
                except StreamError as error:
                    status, answer = 400, {"__type": error.args[0], "message": error.args[0]}
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.0")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, operation: str, asked: Parameters) -> Parameters:
        """Answer one request; raise StreamError where the service refuses it."""
        operations: dict[str, Callable[[Parameters], Parameters]] = {
            "DescribeStream": self._describe, "GetShardIterator": self._iterator, "GetRecords": self._records,
        }  # fmt: skip
        return operations[operation](asked)

    def _describe(self, asked: Parameters) -> Parameters:
        self.stream.trim()
        names = list(self.stream.shards)
        start = names.index(asked["ExclusiveStartShardId"]) + 1 if "ExclusiveStartShardId" in asked else 0
        page = names[start : start + SHARDS_A_PAGE]
        shards = [self._described(name) for name in page]
        description = {"StreamArn": asked["StreamArn"], "StreamStatus": "ENABLED", "Shards": shards}
        if start + len(page) < len(names):
            description["LastEvaluatedShardId"] = page[-1]
        return {"StreamDescription": description | {"StreamViewType": self.stream.view}}

    def _described(self, name: str) -> Parameters:
        shard = self.stream.shards[name]
        described: Parameters = {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": "1"}}
        if shard.parent:
            described["ParentShardId"] = shard.parent
        if not shard.is_open:
            described["SequenceNumberRange"]["EndingSequenceNumber"] = "2"
        return described

    def _iterator(self, asked: Parameters) -> Parameters:
        self.stream.trim()
        shard = self.stream.shards[asked["ShardId"]]
        position = shard.trimmed
        if asked["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            wanted = int(asked["SequenceNumber"])
            numbers = [int(record["dynamodb"]["SequenceNumber"]) for _, record in shard.records]
            if shard.trimmed and (not numbers or wanted < numbers[0]):
                raise StreamError("TrimmedDataAccessException")
            position += sum(number <= wanted for number in numbers)
        return {"ShardIterator": f"{asked['ShardId']}|{position}"}

    def _records(self, asked: Parameters) -> Parameters:
        name, _, position = asked["ShardIterator"].rpartition("|")
        empty = self._empty.setdefault(asked["ShardIterator"], 0)
        if empty < self.empty_answers:
            # The iterator moves on, past what holds no record; this one shows it by a mark.
            self._empty[asked["ShardIterator"]] += 1
            return {"Records": [], "NextShardIterator": asked["ShardIterator"]}
        records, end = self.stream.read(name, int(position), MOST_RECORDS)
        answer: Parameters = {"Records": list(map(_as_answered, records))}
        if not self.stream.is_finished(name, end):
            answer["NextShardIterator"] = f"{name}|{end}"
        return answer


def _as_answered(record: Record) -> Record:
    kept = {name: value for name, value in record.items() if name not in {"eventSourceARN", "userIdentity"}}
    return kept | ({"userIdentity": _TTL_IDENTITY} if "userIdentity" in record else {})
