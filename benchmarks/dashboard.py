"""What the dashboard costs beside a plain Streamlit version of the same page and a bare page.

The server runs on one core and the people on another, where there are two. `--short` takes fewer people and less time.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.people import Person, clicks, crowd, opened

ROOT = Path(__file__).resolve().parent.parent
SUPPORT = Path(__file__).resolve().parent / "support"
PAGES = {
    "dashboard": ROOT / "dashboard" / "app.py",
    "plain": SUPPORT / "plain_page.py",
    "bare": SUPPORT / "bare_page.py",
}
BUCKET = "bench"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    items: int
    clicks: int
    people: int
    seconds: float
    sessions: int
    pause: float = 5.0


SHORT, WHOLE = Form(2_000, 24, 10, 10, 6), Form(20_000, 200, 50, 60, 50)


@dataclass(frozen=True)
class Server:
    """A page being served."""

    port: int
    pid: int
    healthy_seconds: float

    def cpu(self) -> float:
        """Return the seconds of processor time that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the MiB that it holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / MEBIBYTE


@contextmanager
def published(form: Form, folder: Path) -> Iterator[dict[str, str]]:
    """Publish sample contacts on a stand-in and yield the variables that lead there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STREAMLIT_"))}
    environment = kept | {
        "DATASET": "contacts",
        "S3_BUCKET": BUCKET,
        "ATHENA_RESULTS": f"s3://{BUCKET}/results/",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(ROOT),
    }
    module = [sys.executable, "-m"]
    with subprocess.Popen(
        [*module, "local", "serve", "--port", "0"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as standin:
        try:
            assert standin.stderr is not None
            line = standin.stderr.readline()
            environment["AWS_ENDPOINT_URL"] = line[line.index("http") :].strip()
            made = urllib.request.Request(f"{environment['AWS_ENDPOINT_URL']}/{BUCKET}", method="PUT")  # noqa: S310
            urllib.request.urlopen(made).close()  # noqa: S310 - loopback
            log = (folder / "prepared").open("w")
            for command in (["local", "seed", "--items", str(form.items)], ["exporter", "export", "--all"]):
                subprocess.run([*module, *command], cwd=ROOT, env=environment, check=True, stdout=log, stderr=log)
            yield environment
        finally:
            standin.terminate()


@contextmanager
def served(name: str, environment: dict[str, str], folder: Path) -> Iterator[Server]:
    """Serve a page on the first core and yield it once it is healthy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    options += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    command = [sys.executable, "-m", "streamlit", "run", str(PAGES[name]), *options]
    with (folder / name).open("wb") as log:
        child = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    _pin(child.pid, 0)
    try:
        while not _is_healthy(port):
            if child.poll() is not None:
                raise RuntimeError(f"{name} ended:\n{(folder / name).read_text()[-2000:]}")
            time.sleep(0.02)
        yield Server(port, child.pid, time.perf_counter() - began)
    finally:
        child.terminate()
        child.wait()


def measured(name: str, form: Form, environment: dict[str, str], folder: Path) -> dict[str, float]:
    """Return the figures of one page; seconds, milliseconds and MiB as their names say."""
    with served(name, environment, folder) as server:
        figures = {"start_s": server.healthy_seconds, "idle_mib": server.memory()}
        person = Person(server.port)
        figures["first_page_s"] = asyncio.run(_once(person))
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


async def _once(person: Person) -> float:
    seconds = await person.open()
    await person.close()
    return seconds


async def _per_session(server: Server, count: int) -> float:
    first = await opened(server.port, 2)
    before = server.memory()
    others = await opened(server.port, count)
    grown = server.memory() - before
    for person in (*first, *others):
        await person.close()
    return grown / count


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _pin(pid: int, core: int) -> None:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core]})


def _print(found: dict[str, dict[str, float]]) -> None:
    print(f"{'':14}{'dashboard':>12}{'plain':>12}{'bare':>12}{'ratio':>9}")
    for name in found["dashboard"]:
        ours, peer = found["dashboard"][name], found["bare" if name in found["bare"] else "plain"][name]
        cells = "".join(f"{found[page][name]:12.2f}" if name in found[page] else f"{'':12}" for page in PAGES)
        print(f"{name:14}{cells}{ours / peer if peer else float('nan'):9.2f}")
    print("ratio: dashboard / bare where there is a bare figure, otherwise dashboard / plain")


def main() -> None:
    """Measure the three pages, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer people, less time")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    asked = parser.parse_args()
    form = SHORT if asked.short else WHOLE
    if not Path("/proc/self/stat").exists():
        print("the dashboard's benchmark reads /proc, which this system has not: skipped")
        return
    with tempfile.TemporaryDirectory() as name, published(form, Path(name)) as environment:
        _pin(os.getpid(), 1)
        found = {page: measured(page, form, environment, Path(name)) for page in ("bare", "plain", "dashboard")}
    if asked.json:
        print(json.dumps(found))
    else:
        _print(found)


if __name__ == "__main__":
    main()
