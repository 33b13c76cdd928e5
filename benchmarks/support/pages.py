"""The pages that are measured in turns, and the published contacts that they show."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parent.parent
PAGES = {
    "dashboard": ROOT / "dashboard" / "app.py",
    "plain": SUPPORT / "plain_page.py",
    "bare": SUPPORT / "bare_page.py",
}
BUCKET = "bench"
MEBIBYTE = 1024 * 1024


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

    def threads(self) -> int:
        """Return how many threads it has."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def sockets(self) -> int:
        """Return how many sockets it holds open."""
        return sum(str(link.readlink()).startswith("socket:") for link in Path(f"/proc/{self.pid}/fd").iterdir())


@contextmanager
def published(items: int, folder: Path) -> Iterator[dict[str, str]]:
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
            for command in (["local", "seed", "--items", str(items)], ["exporter", "export", "--all"]):
                subprocess.run([*module, *command], cwd=ROOT, env=environment, check=True, stdout=log, stderr=log)
            yield environment
        finally:
            standin.terminate()


def client(service: str, environment: dict[str, str]) -> Any:
    """Return a client of one service of the stand-in."""
    return boto3.session.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"]
    ).client(service, endpoint_url=environment["AWS_ENDPOINT_URL"])


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
    pin(child.pid, 0)
    try:
        while not _is_healthy(port):
            if child.poll() is not None:
                raise RuntimeError(f"{name} ended:\n{(folder / name).read_text()[-2000:]}")
            time.sleep(0.02)
        yield Server(port, child.pid, time.perf_counter() - began)
    finally:
        child.terminate()
        child.wait()


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core]})
