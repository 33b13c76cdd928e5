"""A DynamoDB index that is fast enough for many items: DescribeTable and Query over items held in memory.

The stand-in answers about a thousand items a second; this one is bound by the client.
"""

import bisect
import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PAGE_BYTES = 1 << 20


class IndexStub:
    """A table `ttt` (key Id) with the index `iii` (keys Kind, an S, and At, of `sort_type`) on a loopback port."""

    def __init__(self, items: list[dict[str, Any]], page_bytes: int = PAGE_BYTES, sort_type: str = "S") -> None:
        self._page_bytes = page_bytes
        self._sort_type = sort_type
        self.load(items)
        self._listen()

    def load(self, items: list[dict[str, Any]]) -> None:
        """Replace every item."""
        self._rows: dict[str, list[tuple[str, str, bytes]]] = {}
        for number, item in enumerate(items):
            # Both ways to write what is not ASCII.
            text = json.dumps(item, ensure_ascii=number % 2 == 0, separators=(",", ":")).encode()
            row = (item["At"][self._sort_type], item["Id"]["S"], text)
            self._rows.setdefault(item["Kind"]["S"], []).append(row)
        for rows in self._rows.values():
            rows.sort(key=lambda row: (self._key(row[0]), row[1]))
        self._keys = {kind: [self._key(row[0]) for row in rows] for kind, rows in self._rows.items()}

    def _key(self, text: str) -> Any:
        return Decimal(text) if self._sort_type == "N" else text.encode()

    def _listen(self) -> None:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = stub.answer(self.headers["X-Amz-Target"].rpartition(".")[2], request)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, operation: str, request: dict[str, Any]) -> bytes:
        """Return the body of an answer."""
        return self._description() if operation == "DescribeTable" else self._query(request)

    def _description(self) -> bytes:
        types = {"Id": "S", "Kind": "S", "At": self._sort_type}
        attributes = [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]
        return json.dumps({"Table": _TABLE | {"AttributeDefinitions": attributes}}).encode()

    def _query(self, request: dict[str, Any]) -> bytes:
        values = {name: next(iter(value.values())) for name, value in request["ExpressionAttributeValues"].items()}
        rows, keys = self._rows.get(values[":p"], []), self._keys.get(values[":p"], [])
        low = bisect.bisect_left(keys, self._key(values[":l"])) if ":l" in values else 0
        high = bisect.bisect_right(keys, self._key(values[":h"])) if ":h" in values else len(rows)
        forward = request.get("ScanIndexForward", True)
        if (start := request.get("ExclusiveStartKey")) is not None:
            place = int(start["Place"]["N"])
            low, high = (place + 1, high) if forward else (low, place)
        page: list[bytes] = []
        size, limit, place = 0, request.get("Limit", len(rows) + 1), -1
        positions = range(low, high) if forward else range(high - 1, low - 1, -1)
        for place in positions:
            page.append(rows[place][2])
            size += len(rows[place][2])
            if len(page) >= limit or size >= self._page_bytes:
                break
        more = bool(page) and place != positions[-1]
        # An index's cursor also holds the table's key; a position is enough for a stub.
        cursor = f',"LastEvaluatedKey":{{"Place":{{"N":"{place}"}}}}' if more else ""
        units = max(0.5, -(-size // 4096) * 0.5)
        head = f'{{"Count":{len(page)},"ConsumedCapacity":{{"CapacityUnits":{units}}},"Items":['
        return head.encode() + b",".join(page) + b"]" + cursor.encode() + b"}"


_TABLE = {
    "TableName": "ttt",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "iii",
            "IndexStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "Kind", "KeyType": "HASH"}, {"AttributeName": "At", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
