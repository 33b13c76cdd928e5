"""One Trino server as a child process: loopback, a free port, two cores, the stand-in as its catalogue."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.engine.archive import VERSION, EngineUnavailable
from conformance.engine.client import Trino
from conformance.engine.java import java_command

CATALOG = "awsdatacatalog"
"""Trino's catalogue is called as Athena's is, so that names with a catalogue mean the same."""
START_SECONDS = 180

_NODE = {"node.environment": "conformance", "node.id": "conformance", "node.internal-address": "127.0.0.1"}
_SERVER = {
    "coordinator": "true",
    "node-scheduler.include-coordinator": "true",
    "query.max-memory": "1GB",
    "query.max-memory-per-node": "1GB",
    "web-ui.enabled": "false",
}


@contextmanager
def running(home: Path, endpoint_url: str) -> Iterator[Trino]:
    """Start a server over the stand-in at `endpoint_url` and stop it at the end; raise EngineUnavailable."""
    java = java_command()
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        folder = Path(name)
        _write_settings(folder, home, port, endpoint_url)
        log = folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(_command(java, home, folder), cwd=folder, stdout=output, stderr=output)
        try:
            _await(process, port, log)
            yield Trino(f"http://127.0.0.1:{port}", CATALOG)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_settings(folder: Path, home: Path, port: int, endpoint_url: str) -> None:
    # Trino looks for its plugins in the folder that it is started from.
    for part in ("plugin", "secrets-plugin"):
        (folder / part).symlink_to(home.resolve() / part)
    own = {"http-server.http.port": str(port), "discovery.uri": f"http://127.0.0.1:{port}"}
    _write(folder / "etc" / "config.properties", _SERVER | own)
    _write(folder / "etc" / "log.properties", {"io.trino": "WARN"})
    _write(folder / "etc" / "catalog" / f"{CATALOG}.properties", _catalog(endpoint_url, folder / "cache"))


def _catalog(endpoint_url: str, cache: Path) -> dict[str, str]:
    return {
        "connector.name": "hive",
        "hive.metastore": "glue",
        "hive.metastore.glue.region": "us-east-1",
        "hive.metastore.glue.endpoint-url": endpoint_url,
        "hive.metastore.glue.aws-access-key": "test",
        "hive.metastore.glue.aws-secret-key": "test",
        # moto's Glue has no statistics of partitions.
        "hive.table-statistics-enabled": "false",
        # Nothing changes once it is published.
        "hive.metastore-cache-ttl": "1h",
        "hive.file-status-cache-tables": "*",
        "hive.file-status-cache-expire-time": "1h",
        "fs.cache.enabled": "true",
        "fs.cache.directories": str(cache),
        "fs.cache.max-sizes": "1GB",
        "hive.partition-projection-enabled": "true",
        "fs.native-s3.enabled": "true",
        "s3.endpoint": endpoint_url,
        "s3.region": "us-east-1",
        "s3.path-style-access": "true",
        "s3.aws-access-key": "test",
        "s3.aws-secret-key": "test",
    }


def _write(path: Path, properties: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), encoding="utf-8")


def _command(java: str, home: Path, folder: Path) -> list[str]:
    node = _NODE | {"node.bind-ip": "127.0.0.1", "node.data-dir": str(folder / "data")}
    settings = node | {"config": "etc/config.properties", "log.levels-file": "etc/log.properties"}
    return [
        *(java, "-Xmx3G", "-XX:+UseG1GC", "-XX:ReservedCodeCacheSize=256M", "-XX:-OmitStackTraceInFastThrow"),
        *("-Dfile.encoding=UTF-8", "-Djdk.attach.allowAttachSelf=true", "--add-modules=jdk.incubator.vector"),
        *(f"-D{name}={value}" for name, value in settings.items()),
        *("-cp", f"{home.resolve()}/lib/*", "io.trino.server.TrinoServer"),
    ]


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = "\n".join(line for line in log.read_text(errors="replace").splitlines() if "\tERROR\t" in line)
            raise EngineUnavailable(f"Trino {VERSION} ended while starting:\n{said or log.read_text()[-2000:]}")
        if _is_ready(port):
            return
        time.sleep(1)
    raise EngineUnavailable(f"Trino {VERSION} did not answer within {START_SECONDS} s. Free memory (it takes 3 GB).")


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
            return b'"starting":false' in answer.read()
    except OSError:
        return False
