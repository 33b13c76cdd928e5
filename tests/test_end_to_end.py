"""From `put_item` to a number on the page: real DynamoDB API, real export, real SQL, real server, real browser."""

import contextlib
import datetime as dt
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from playwright.sync_api import expect, sync_playwright

from local.sample.load import create_table
from local.server import serve

BUCKET = "contact-reports"
LAST = dt.date(2026, 1, 13)
DAYS = [LAST - dt.timedelta(days=back) for back in range(30)]  # over the end of a month and of a year
PER_DAY = 40
METHODS = ("INBOUND", "OUTBOUND", "CALLBACK")


@dataclass
class Product:
    """The whole product over one stand-in."""

    variables: dict[str, str]
    folder: Path
    url: str = ""

    def export(self, *arguments: str) -> dict[str, Any]:
        """Run the exporter and return its report."""
        done = subprocess.run(
            [sys.executable, "-m", "exporter", "export", "--json", *arguments],
            env=os.environ | self.variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report

    def query(self, **body: Any) -> dict[str, Any]:
        """Ask the JSON API and return its answer."""
        answer = httpx.post(f"{self.url}/api/query", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result


def contact(number: int, day: dt.date, channel: str) -> dict[str, Any]:
    return {
        "ContactId": {"S": f"contact-{day}-{number:03}"},
        "Channel": {"S": channel},
        "InitiationTimestamp": {"S": f"{day}T{8 + number % 12:02}:{number % 60:02}:00Z"},
        "AgentName": {"S": f"Agent {number % 7}"},
        "InitiationMethod": {"S": METHODS[number % len(METHODS)]},
        "QueueDuration": {"N": str(number)},
        "Attributes": {"M": {"note": {"S": f"{day} {number} " + "x" * 200}}},
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"the dashboard was not healthy after 60 s:\n{log.read_text()}")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Product]:
    """Thirty days of contacts, put one by one, exported, and served."""
    folder = tmp_path_factory.mktemp("product")
    with serve(port=0) as server:
        variables = {
            "AWS_ENDPOINT_URL": server.url,
            "DATASET": "contacts",
            "S3_BUCKET": BUCKET,
            "ATHENA_RESULTS": f"s3://{BUCKET}-results/",
            "ATHENA_DATABASE": "end_to_end",  # catalogues of one process are shared, and other tests leave tables
        }
        dynamodb = boto3.client("dynamodb", endpoint_url=server.url)
        s3 = boto3.client("s3", endpoint_url=server.url, config=Config(s3={"addressing_style": "path"}))
        for bucket in (BUCKET, f"{BUCKET}-results"):
            s3.create_bucket(Bucket=bucket)
        with contextlib.suppress(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.delete_table(TableName="contacts")  # of another test of this process
        create_table(dynamodb)
        for day in DAYS:
            for number in range(PER_DAY):
                item = contact(number, day, "VOICE" if number % 4 else "CHAT")
                dynamodb.put_item(TableName="contacts", Item=item)
        made = Product(variables, folder, f"http://127.0.0.1:{free_port()}")
        made.export("--all")
        log = folder / "dashboard.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable, "-m", "streamlit", "run", str(repository / "dashboard" / "app.py"),
                    "--server.port", made.url.rpartition(":")[2], "--server.address", "127.0.0.1",
                    "--server.headless", "true",
                ],
                env=os.environ | variables,
                stdout=output,
                stderr=output,
            )  # fmt: skip
        try:
            wait_until_healthy(made.url, process, log)
            yield made
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_stats_count_what_was_put(product):
    """The API's totals are the items put: by day, channel, agent and initiation method."""
    stats = httpx.get(f"{product.url}/api/stats", timeout=60).json()
    assert (stats["totalRows"], stats["uniqueContacts"], stats["channels"], stats["agents"]) == (1200, 1200, 2, 7)
    assert stats["byDay"][0] == {"day": "2025-12-15", "contacts": 40, "published": True}
    assert len(stats["byDay"]) == 30
    assert {row["channel"]: row["contacts"] for row in stats["byChannel"]} == {"VOICE": 900, "CHAT": 300}
    assert sum(row["contacts"] for row in stats["byInitiationMethod"]) == 1200
    assert dt.datetime.fromisoformat(stats["asOf"]).tzinfo is not None


@pytest.fixture(scope="module")
def everything(product):
    """All thirty days, asked for once: the same question again is answered without a scan."""
    return product.query(query="by_date", startDate="2025-12-15", endDate="2026-01-13", limit=20000)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [("2026-01-05", "2026-01-05", 1), ("2025-12-31", "2025-12-31", 1), ("2025-12-31", "2026-01-01", 2)],
)
def test_a_query_scans_its_own_days_alone(product, everything, first, last, days):
    """A day of thirty costs about a thirtieth of the bytes; so does 31 December, and two days over a year's end two."""
    some = product.query(query="by_date", startDate=first, endDate=last, limit=20000)
    assert (everything["rowCount"], some["rowCount"]) == (1200, days * PER_DAY)
    share = some["dataScannedBytes"] / everything["dataScannedBytes"]
    assert days / 30 * 0.85 < share < days / 30 * 1.15


@pytest.mark.browser
def test_a_number_travels_from_put_item_to_the_page(product, chromium):
    """A contact put now is on the page after the next export, in all four cards' terms, without a restart."""
    # In a thread of its own: this process may hold another test's browser, with an event loop of its own thread.
    with ThreadPoolExecutor(1) as thread:
        before, after = thread.submit(cards_before_and_after, product, chromium).result()
    assert before == ["1,200", "1,200", "2", "7"]
    assert after == ["1,201", "1,201", "3", "8"]


def cards_before_and_after(product: Product, chromium: str) -> tuple[list[str], list[str]]:
    """Return the four cards before and after one more contact, of a new channel and agent, is put and exported."""
    new = contact(500, LAST, "EMAIL") | {"AgentName": {"S": "Zoë"}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(product.url)
        card = page.locator(".board .value")
        expect(card).to_have_count(4, timeout=60_000)
        before = card.all_inner_texts()
        endpoint = product.variables["AWS_ENDPOINT_URL"]
        boto3.client("dynamodb", endpoint_url=endpoint).put_item(TableName="contacts", Item=new)
        assert product.export("--start", str(LAST), "--end", str(LAST))["rows"] == PER_DAY + 1
        time.sleep(16)  # for so long the dashboard believes the manifest that it has
        page.reload()
        expect(card.first).to_have_text("1,201", timeout=60_000)
        expect(card).to_have_count(4)
        after = card.all_inner_texts()
        browser.close()
    return before, after
