"""The stand-ins that a benchmark needs, and programs run against them."""

import itertools
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.measure import Cost, run
from support.peers import BUCKET
from support.stub import INDEX, TABLE

BENCHMARKS = Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
PEERS_PYTHON = ROOT / ".venv-peers" / ("Scripts" if os.name == "nt" else "bin") / "python"
"""Where `benchmarks/peers.lock` is installed; may be missing."""

_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "S3_BUCKET": BUCKET,
    "DYNAMO_TABLE_NAME": TABLE,
    "GSI_NAME": INDEX,
    "GSI_PK_ATTRIBUTE": "Channel",
    "GSI_PK_VALUE": "VOICE,CHAT,TASK,EMAIL",
    "GSI_SK_ATTRIBUTE": "At",
}


_numbers = itertools.count(1)


@contextmanager
def serving(command: list[str], folder: Path, stream: str) -> Iterator[str]:
    """Start a server and yield the URL that it prints; stop it afterwards."""
    pipes = {"stdin": subprocess.PIPE, stream: subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, text=True, **pipes) as child:  # type: ignore[call-overload]
        try:
            line = getattr(child, stream).readline().strip()
            if "http" not in line:
                raise RuntimeError(f"{' '.join(command)} did not start: {line}")
            yield line[line.index("http") :]
        finally:
            child.terminate()


@contextmanager
def storage() -> Iterator[str]:
    """Serve S3 and Glue, with the bucket, and yield the URL."""
    with serving([sys.executable, "-m", "local", "serve", "--port", "0"], ROOT, "stderr") as url:
        wanted = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")  # noqa: S310 - loopback
        with urllib.request.urlopen(wanted):  # noqa: S310 - as above
            yield url


@dataclass
class Bench:
    """One source of items, and the programs that read it."""

    s3: str
    dynamodb: str
    items: int
    last_export: str = ""
    options: list[str] = field(default_factory=list)
    """Further options of the exporter."""
    variables: dict[str, str] = field(default_factory=dict)
    """Further variables of the exporter."""
    rows_per_item: int = 1

    def exporter(self) -> Cost:
        """Export everything with this repository's exporter, as its command line does it."""
        self.last_export = self._next()
        variables = {"S3_PREFIX": self.last_export, "ATHENA_TABLE": self.last_export.replace("-", "_")}
        command = [sys.executable, "-m", "exporter", "export", "--all", "--json", *self.options]
        return self._checked(run(command, ROOT, self._variables | variables | self.variables))

    def peer(self, name: str) -> Cost:
        """Export everything with a peer, or find the floor of what the exporter wrote last."""
        python = sys.executable if name in {"boto3-pandas", "floor"} else str(PEERS_PYTHON)
        prefix = self.last_export if name == "floor" else self._next()
        command = [python, "-m", "support.peers", name, "--prefix", prefix]
        return self._checked(run(command, BENCHMARKS, self._variables))

    def _next(self) -> str:
        return f"run-{next(_numbers)}"

    def _checked(self, cost: Cost) -> Cost:
        if cost.report["rows"] != self.items * self.rows_per_item:
            raise RuntimeError(f"{cost.report['rows']} rows of {self.items} items arrived")
        return cost

    @property
    def _variables(self) -> dict[str, str]:
        # Of the caller's own environment only what finds programs: settings of another table would change the work.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        endpoints = {"AWS_ENDPOINT_URL": self.s3, "AWS_ENDPOINT_URL_S3": self.s3}
        return kept | _VARIABLES | endpoints | {"AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb}


@contextmanager
def bench(
    s3: str, *, items: int, item_bytes: int = 550, days: int = 7, latency_ms: float = 0, messages: int | None = None
) -> Iterator[Bench]:
    """Serve items and yield what can be run on them; the first page of everything is made before."""
    command = [sys.executable, "-m", "support.stub", "--items", str(items), "--item-bytes", str(item_bytes)]
    command += ["--days", str(days), "--latency-ms", str(latency_ms)]
    command += [] if messages is None else ["--messages", str(messages)]
    with serving(command, BENCHMARKS, "stdout") as url:
        yield Bench(s3, url, items, rows_per_item=max(messages or 0, 1))
