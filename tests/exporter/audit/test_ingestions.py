"""`RowsDropped` of the last ingestion, read from a stand-in that answers as QuickSight documents it."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from exporter.audit.quicksight.ingestions import last_ingestion
from exporter.cli.quicksight import quicksight
from exporter.clients import Clients
from exporter.errors import ExportError

ACCOUNT = "111122223333"
AT = dt.datetime(2026, 2, 17, 5, 0, tzinfo=dt.UTC)


def ingestion(hour: int, status: str, **rows: int) -> dict[str, object]:
    return {
        "Arn": "a", "IngestionId": f"i-{hour}", "IngestionStatus": status, "RowInfo": rows,
        "CreatedTime": AT.replace(hour=hour).timestamp(),
    }  # fmt: skip


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, object]]]:
    """Path with its query -> status and body; another path is refused."""
    given: dict[str, tuple[int, object]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = given.get(
                self.path, (403, {"message": "not authorized to perform: quicksight:ListIngestions"})
            )
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if status != 200:
                self.send_header("x-amzn-ErrorType", "AccessDeniedException")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_QUICKSIGHT", f"http://127.0.0.1:{server.server_address[1]}")
    yield given
    server.shutdown()
    server.server_close()


def test_the_last_ingestion_that_has_ended_counts(answers):
    """Of all pages the newest that is not under way: 990 rows imported, 10 dropped."""
    path = "/accounts/111122223333/data-sets/calls/ingestions"
    answers[path] = (
        200,
        {"Ingestions": [ingestion(1, "COMPLETED", RowsIngested=5), ingestion(7, "RUNNING")], "NextToken": "n"},
    )
    answers[f"{path}?next-token=n"] = (
        200,
        {"Ingestions": [ingestion(6, "COMPLETED", RowsIngested=990, RowsDropped=10), ingestion(2, "FAILED")]},
    )
    found = last_ingestion(Clients("us-east-1"), "calls", ACCOUNT)
    assert str(found) == ("last ingestion of calls, 2026-02-17 06:00 UTC, COMPLETED: 990 rows imported, 10 dropped")


def test_a_data_set_without_an_ingestion_has_none(answers):
    """Nothing was imported yet, which is no error."""
    answers["/accounts/111122223333/data-sets/calls/ingestions"] = 200, {"Ingestions": []}
    assert last_ingestion(Clients("us-east-1"), "calls", ACCOUNT) is None


def test_a_data_set_is_looked_at_where_the_dataset_has_no_target_for_it(answers, monkeypatch):
    """The files of sales are no target: `--data-set` shows what was dropped and ends with 1; without it, usage."""
    path = "/accounts/111122223333/data-sets/products/ingestions"
    answers[path] = 200, {"Ingestions": [ingestion(6, "COMPLETED", RowsIngested=18, RowsDropped=2)]}
    monkeypatch.setenv("S3_BUCKET", "reports")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    command = ["check", "--dataset", "top_products"]
    done = CliRunner().invoke(quicksight, [*command, "--data-set", "products", "--account", ACCOUNT])
    assert (done.exit_code, done.stdout) == (
        1, "last ingestion of products, 2026-02-17 06:00 UTC, COMPLETED: 18 rows imported, 2 dropped\n",
    )  # fmt: skip
    refused = CliRunner().invoke(quicksight, command)
    assert str(refused.exception).startswith("dataset top_products has no target with manifest: quicksight")


def test_missing_rights_are_named(answers):
    """The error names the data set, the reason and the right that is needed."""
    with pytest.raises(
        ExportError, match=r"data set other: .*not authorized.* They need quicksight:ListIngestions on it"
    ):
        last_ingestion(Clients("us-east-1"), "other", ACCOUNT)
