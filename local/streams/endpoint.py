"""A stream flows in, the API of DynamoDB Streams on a loopback port flows out; any ARN is that of this stream."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from local.streams.api import Parameters, StreamError, StreamsApi
from local.streams.stream import Stream


class StreamEndpoint:
    """Serves one stream; `url` is what AWS_ENDPOINT_URL_DYNAMODB_STREAMS is set to."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._api = StreamsApi(find=lambda _: stream, listed=lambda _: [stream])
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
                    status, answer = 400, {"__type": error.code, "message": error.message}
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
        if operation == "GetRecords":
            empty = self._empty.setdefault(asked["ShardIterator"], 0)
            if empty < self.empty_answers:
                # The iterator moves on, past what holds no record; this one shows it by a mark.
                self._empty[asked["ShardIterator"]] += 1
                return {"Records": [], "NextShardIterator": asked["ShardIterator"]}
        return self._api.answer(operation, asked)
