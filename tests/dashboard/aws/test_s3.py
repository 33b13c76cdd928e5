"""Reading objects from an S3 with answers that break off."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError

from dashboard.aws.errors import error_from_sdk
from dashboard.aws.s3 import Objects
from dashboard.errors import QueryFailed, ServiceError, StorageFailed

BODY = b"0123456789" * 1000


@contextmanager
def breaking_off(times: int) -> Iterator[str]:
    """Serve one object; so many answers end after half of it."""
    left = [times]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.send_header("ETag", '"e1"')
            self.end_headers()
            left[0] -= 1
            self.wfile.write(BODY[:5000] if left[0] >= 0 else BODY)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def saved(objects: Objects) -> bytes:
    file = io.BytesIO()
    objects.save("s3://b/k", file)
    return file.getvalue()


READS = [
    lambda objects: objects.read("b", "k"),
    saved,
    lambda objects: objects.part("b", "k", "e1", 0, len(BODY)),
]


@pytest.mark.parametrize("read", READS, ids=["read", "save", "part"])
@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_that_breaks_off_is_read_again(read: Callable, times: int, monkeypatch, standin_url):
    """Every byte is there once: what an attempt had written before it broke off is dropped."""
    with breaking_off(times) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert read(Objects("us-east-1")) == BODY


@pytest.mark.parametrize("read", READS, ids=["read", "save", "part"])
def test_an_answer_that_keeps_breaking_off_is_a_fault_of_storage(read: Callable, monkeypatch, standin_url):
    """After three attempts the error names S3 and the object; it is not a failed query."""
    with breaking_off(99) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(ServiceError, match=r"S3 .* while reading s3://b/k") as raised:
            read(Objects("us-east-1"))
    assert not isinstance(raised.value, QueryFailed)


@pytest.mark.parametrize("code", ["NoSuchBucket", "InvalidRequest", "KMS.DisabledException", "InvalidObjectState"])
def test_a_refusal_of_s3_is_a_fault_of_storage(code: str):
    """The same request cannot be mended by its caller, so it is not answered as wrong SQL."""
    refusal = ClientError(
        {"Error": {"Code": code, "Message": "It says why."}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "GetObject"
    )
    error = error_from_sdk(refusal, "S3", "reading s3://b/k")
    assert isinstance(error, StorageFailed)
    assert str(error) == f"S3 refused reading s3://b/k: It says why ({code}). Check the bucket and the key."
