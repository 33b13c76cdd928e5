"""What the dashboard costs compared with a plain Streamlit version of the same page and a bare page.

The server runs on one core and the people on another, where there are two. `--short` takes fewer people and less time;
`--first` measures start and first page alone, over many starts; `--soak`, `--rows` and `--browser` measure the
dashboard alone: people who come and go, a large result, and how soon a click in Chromium has updated the board.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from support.askers import executions
from support.browser_clicks import browser_clicks
from support.first_page import first_pages
from support.large_result import large_result
from support.pages import PAGES, Server, pin, published, served
from support.people import clicks, crowd, opened, visit
from support.soak import soak


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    items: int
    clicks: int
    people: int
    seconds: float
    sessions: int
    pause: float = 5.0


KEPT_SECONDS = 125

SHORT, WHOLE = Form(2_000, 24, 10, 10, 6), Form(20_000, 200, 50, 60, 50)


def measured(name: str, form: Form, environment: dict[str, str], folder: Path) -> dict[str, float]:
    """Return the figures of one page; seconds, milliseconds and MiB as their names say."""
    with served(name, environment, folder) as server:
        figures = {"start_s": server.healthy_seconds, "start_cpu_s": server.cpu()}
        figures["first_page_s"] = asyncio.run(visit(server.port))
        figures["first_page_cpu_s"] = server.cpu() - figures["start_cpu_s"]
        before = server.cpu()
        figures["next_page_s"] = asyncio.run(visit(server.port))
        figures["next_page_cpu_s"] = server.cpu() - before
        figures["idle_mib"] = server.memory()
        if name == "bare":
            return figures
        asyncio.run(clicks(server.port, 8))
        before, began = server.cpu(), time.perf_counter()
        asyncio.run(clicks(server.port, form.clicks))
        figures["cpu_ms"] = (server.cpu() - before) / (form.clicks + 1) * 1000
        figures["per_second"] = form.clicks / (time.perf_counter() - began)
        figures["session_mib"] = asyncio.run(_per_session(server, form.sessions))
        delays = asyncio.run(crowd(server.port, form.people, form.pause, form.seconds))
        figures["p50_ms"], figures["p95_ms"] = (delays[int(len(delays) * share)] * 1000 for share in (0.5, 0.95))
        figures["busy_mib"] = server.memory()
        return figures


async def _per_session(server: Server, count: int) -> float:
    first = await opened(server.port, 2)
    before = server.memory()
    others = await opened(server.port, count)
    grown = server.memory() - before
    for person in (*first, *others):
        await person.close()
    return grown / count


def _print(found: dict[str, dict[str, float]]) -> None:
    print(f"{'':14}{'dashboard':>12}{'plain':>12}{'bare':>12}{'ratio':>9}")
    for name in found["dashboard"]:
        ours, peer = found["dashboard"][name], found["bare" if name in found["bare"] else "plain"][name]
        cells = "".join(f"{found[page][name]:12.2f}" if name in found[page] else f"{'':12}" for page in PAGES)
        print(f"{name:14}{cells}{ours / peer if peer else float('nan'):9.2f}")
    print("ratio: dashboard / bare where there is a bare figure, otherwise dashboard / plain")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer people, less time")
    parser.add_argument("--first", type=int, metavar="STARTS", help="start and first page next to a bare page's")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="the dashboard alone: 50 people come and go")
    parser.add_argument("--plain-http", action="store_true", help="with --soak: the WebSocket carried over plain HTTP")
    parser.add_argument("--rows", type=int, metavar="ROWS", help="the dashboard alone: a result of so many rows")
    parser.add_argument("--browser", action="store_true", help="the dashboard alone: clicks in a real browser")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    asked = parser.parse_args()
    form = SHORT if asked.short else WHOLE
    if not Path("/proc/self/stat").exists():
        print("the dashboard's benchmark reads /proc, which this system has not: skipped")
        return
    with tempfile.TemporaryDirectory() as name, published(form.items, Path(name)) as environment:
        pin(os.getpid(), 1)
        folder = Path(name)
        if asked.first:
            found = first_pages(environment, folder, asked.first)
        elif asked.browser:
            with served("dashboard", environment, folder) as server:
                found = {"dashboard": browser_clicks(server)}
        elif asked.soak or asked.rows:
            found = {"dashboard": alone(environment, folder, asked.soak, asked.rows, over_http=asked.plain_http)}
        else:
            found = {page: measured(page, form, environment, folder) for page in ("bare", "plain", "dashboard")}
    if asked.json:
        print(json.dumps(found))
    elif asked.first:
        for name, figures in found.items():
            print(f"{name:22}" + "".join(f"{figure:>12} {value:5.2f}" for figure, value in figures.items()))
    elif len(found) == 1:
        for figure, value in found["dashboard"].items():
            print(f"{figure:24}{value:14,.2f}")
    else:
        _print(found)


def alone(
    environment: dict[str, str], folder: Path, minutes: float | None, rows: int | None, *, over_http: bool
) -> dict[str, float]:
    """Return the figures of a soak, or of a large result."""
    with served("dashboard", environment | {"MAX_FETCH_ROWS": "1000000"}, folder) as server:
        asyncio.run(visit(server.port))
        if rows:
            return large_result(server, environment, rows)
        before = {"threads_before": server.threads(), "sockets_before": server.sockets()}
        found = asyncio.run(soak(server, 50, (minutes or 0) * 60, over_http=over_http))
        left = {"after_all_left_mib": server.memory(), "sockets_after_all_left": server.sockets()}
        # Streamlit keeps pages that were left for two minutes, and looks at them when the next one is opened.
        time.sleep(KEPT_SECONDS)
        asyncio.run(visit(server.port))
        after = {"threads_later": server.threads(), "sockets_later": server.sockets()}
        states = executions(environment)
        after |= {"queries": states.total(), "queries_left": states["QUEUED"] + states["RUNNING"]}
        after |= {"queries_stopped": states["CANCELLED"]}
        return found.figures() | before | left | after


if __name__ == "__main__":
    main()
