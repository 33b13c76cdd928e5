"""A result of a million rows on the SQL page, in a browser: how soon it is there after its query's end, what it holds.

The rows are written as Parquet into the stand-in's S3, next to the exported days: by way of DynamoDB it takes hours.
"""

import io
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, sync_playwright

from support.pages import BUCKET, Server, client

SQL = "SELECT contact_id, channel, agent_name, initiation_timestamp, queue_duration, day FROM gsi_export"
PATIENCE_MS = 100_000


def large_result(server: Server, environment: dict[str, str], rows: int, tabs: int = 3) -> dict[str, float]:
    """Open the same large result in so many tabs, one after the other, and another one in a last; return seconds, MiB.

    Tabs that ask the same share the first one's answer: their time runs from the key press, and the first one's from
    its query's end. `own` is memory that is the process's alone; the rest is mapped, and the system's to take back.
    """
    _write(environment, rows)
    figures: dict[str, float] = {"rows": rows, "idle_mib": server.memory(), "idle_own_mib": _own(server)}
    athena = client("athena", environment)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        for number in range(1, tabs + 2):
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            # A condition that holds for every row makes it another question with as many rows.
            pressed, shown = _run(page, server.port, f"{SQL} WHERE true" if number > tabs else SQL, rows)
            ended = _ended(athena)
            figures[f"tab_{number}_asked_athena"] = ended > pressed
            figures[f"tab_{number}_after_end_s"] = shown - max(pressed, ended)
            figures[f"tab_{number}_to_last_row_s"] = _to_the_last_row(page)
            figures[f"tab_{number}_mib"] = server.memory()
            figures[f"tab_{number}_own_mib"] = _own(server)
        browser.close()
    return figures


def _write(environment: dict[str, str], rows: int) -> None:
    s3 = client("s3", environment)
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix="dynamo-gsi-export/year=")["Contents"]
    key = next(item["Key"] for item in found if item["Key"].endswith("data.parquet"))
    few = pq.read_table(io.BytesIO(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))
    # The file of another run of the same day: Athena reads every object in a partition.
    many = pa.concat_tables([few] * (rows // few.num_rows + 1)).slice(0, rows)
    body = io.BytesIO()
    pq.write_table(many, body, compression="zstd")
    s3.put_object(Bucket=BUCKET, Key=key.replace("data.parquet", "data-large.parquet"), Body=body.getvalue())


def _run(page: Page, port: int, sql: str, rows: int) -> tuple[float, float]:
    """Run the query; return the instants at which it was asked for and at which its first rows are there."""
    page.goto(f"http://127.0.0.1:{port}/sql?sql={quote(sql)}&limit={rows}")
    editor = page.get_by_label("SQL", exact=True)
    editor.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)
    pressed = time.time()
    editor.press("Control+Enter")
    page.wait_for_selector("[class*=st-key-result_] [data-testid=stDataFrame] canvas", timeout=PATIENCE_MS)
    return pressed, time.time()


def _ended(athena: Any) -> float:
    (latest,) = athena.list_query_executions(MaxResults=1)["QueryExecutionIds"][:1]
    status = athena.get_query_execution(QueryExecutionId=latest)["QueryExecution"]["Status"]
    return float(status["CompletionDateTime"].timestamp())


def _own(server: Server) -> float:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def _to_the_last_row(page: Page) -> float:
    """Go to the end of the grid; return the seconds until its last row is there."""
    grid = page.locator("[class*=st-key-result_] [data-testid=stDataFrame]").first
    grid.click(position={"x": 60, "y": 60})
    began = time.perf_counter()
    page.keyboard.press("Control+End")
    page.wait_for_timeout(300)
    page.wait_for_load_state("networkidle")
    return time.perf_counter() - began


def chromium() -> str | None:
    """Return the path of the browser; None for the one that Playwright has."""
    found = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
    return found if Path(found).exists() else None
