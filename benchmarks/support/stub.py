"""DynamoDB's DescribeTable and Query on a free loopback port, out of made-up items; a process of its own.

    python -m support.stub --items 200000 --item-bytes 550 --days 7 --latency-ms 0

prints its URL and serves until its standard input is closed. Pages hold what DynamoDB would put into 1 MB, carry its
checksum header and its read units, and are made on the way out, so that memory does not grow with the items.
"""

import argparse
import json
import re
import socket
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.items import PARTITION_KEY, SORT_KEY, TABLE_KEY, Source

TABLE, INDEX = "contacts", "by-channel"


def described(source: Source, _: dict[str, Any]) -> bytes:
    """Return the answer to DescribeTable."""
    keys = [{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}, {"AttributeName": SORT_KEY, "KeyType": "RANGE"}]
    index = {
        "IndexName": INDEX,
        "IndexStatus": "ACTIVE",
        "KeySchema": keys,
        "Projection": {"ProjectionType": "ALL"},
        "ItemCount": source.items,
        "IndexSizeBytes": source.items * source.counted_bytes,
    }
    names = (TABLE_KEY, PARTITION_KEY, SORT_KEY)
    answer = {
        "Table": {
            "TableName": TABLE,
            "TableStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": TABLE_KEY, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
            "GlobalSecondaryIndexes": [index],
            "ItemCount": source.items,
        }
    }
    return json.dumps(answer).encode()


def page(source: Source, request: dict[str, Any]) -> bytes:
    """Return the answer to Query."""
    value, low, high = _span(source, request)
    forward = request.get("ScanIndexForward", True)
    limit = min(request.get("Limit", source.page_items), source.page_items)
    start = request.get("ExclusiveStartKey")
    if start and forward:
        low = source.position(value, start[SORT_KEY]["S"], after=True)
    elif start:
        high = source.position(value, start[SORT_KEY]["S"])
    first, last = (low, min(low + limit, high)) if forward else (max(low, high - limit), high)
    texts = [] if request.get("Select") == "COUNT" else source.texts(value, first, last)
    count = max(last - first, 0)
    units = max(0.5, -(-count * source.counted_bytes // 4096) / 2)
    tail: dict[str, Any] = {
        "Count": count,
        "ScannedCount": count,
        "ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": units},
    }
    if count and (last < high if forward else first > low):
        tail["LastEvaluatedKey"] = source.key(value, last - 1 if forward else first)
    items = b",".join(texts if forward else reversed(texts))
    return b'{"Items":[' + items + b"]," + json.dumps(tail, separators=(",", ":")).encode()[1:]


def _span(source: Source, request: dict[str, Any]) -> tuple[str, int, int]:
    names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]
    condition = request["KeyConditionExpression"]
    for name, attribute in names.items():
        condition = re.sub(rf"{re.escape(name)}\b", attribute, condition)
    text = {name: found["S"] for name, found in values.items()}
    equal = re.search(rf"\b{PARTITION_KEY} *= *(:\w+)", condition)
    if equal is None or request.get("IndexName") != INDEX:
        raise ValueError(f"this stub knows {INDEX} by {PARTITION_KEY} alone; found {condition!r}")
    value = text[equal[1]]
    low, high = 0, source.count(value)
    if between := re.search(r"BETWEEN +(:\w+) +AND +(:\w+)", condition):
        return value, source.position(value, text[between[1]]), source.position(value, text[between[2]], after=True)
    if least := re.search(r">= *(:\w+)", condition):
        low = source.position(value, text[least[1]])
    if most := re.search(r"<= *(:\w+)", condition):
        high = source.position(value, text[most[1]], after=True)
    return value, low, high


_ANSWERS = {"Query": page, "DescribeTable": described}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    source: Source
    latency: float

    def do_POST(self) -> None:
        began = time.monotonic()
        text = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            body = _ANSWERS[target](self.source, json.loads(text))
        except (ValueError, KeyError) as error:
            self._answer(
                400, json.dumps({"__type": "ValidationException", "message": f"not understood: {error}"}).encode()
            )
            return
        time.sleep(max(0.0, self.latency - (time.monotonic() - began)))
        self._answer(200, body)

    def _answer(self, status: int, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} \r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
            f"x-amz-crc32: {zlib.crc32(body)}\r\nx-amzn-RequestId: stub\r\n\r\n"
        )
        self.wfile.write(head.encode())
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().server_bind()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--item-bytes", type=int, choices=(550, 1400), default=550)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--messages", type=int)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    _Handler.source = Source(options.items, options.item_bytes, options.days, options.messages)
    _Handler.latency = options.latency_ms / 1000
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
