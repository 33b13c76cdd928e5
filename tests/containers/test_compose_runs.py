"""The compose files, run: with the stand-in's image in LocalStack's place for the first. Part of `make images`.

The podman of Debian 12 neither waits for `service_healthy` nor runs health checks where there is no systemd. There, the
order rests on completed services alone, and each service's own check is run by hand.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ITEMS = 400
PORTS = {"DASHBOARD_PORT": "8591", "S3_PORT": "4591"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Project:
    """One compose file, its services, and the tool that runs them."""

    def __init__(self, compose: list[str], engine: list[str], folder: Path) -> None:
        self._compose = compose
        self._engine = engine
        self._folder = folder
        self._environment = os.environ | PORTS | {"SAMPLE_ITEMS": str(ITEMS)}

    def call(self, *arguments: str) -> str:
        """Run the compose tool and return what it printed; complain with its errors where it fails."""
        done = subprocess.run(
            [*self._compose, *arguments],
            cwd=self._folder,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def container(self, service: str) -> str:
        """The id of a service's container."""
        label = f"label=com.docker.compose.service={service}"
        done = subprocess.run(
            [*self._engine, "ps", "--all", "--quiet", "--filter", label], check=True, capture_output=True, text=True
        )
        return done.stdout.split()[0]

    def status(self, service: str) -> dict[str, Any]:
        """The state of a service's container."""
        done = subprocess.run(
            [*self._engine, "inspect", self.container(service)], check=True, capture_output=True, text=True
        )
        state = json.loads(done.stdout)[0]["State"]
        assert isinstance(state, dict)
        return state

    def becomes_healthy(self, service: str, seconds: float = 120) -> None:
        """Wait for a service's own health check to pass; podman gets a command for it, docker runs it by itself."""
        deadline = time.monotonic() + seconds
        while True:
            if "podman" in self._engine[0]:
                check = [*self._engine, "healthcheck", "run", self.container(service)]
                healthy = subprocess.run(check, check=False, capture_output=True).returncode == 0
            else:
                healthy = self.status(service)["Health"]["Status"] == "healthy"
            if healthy:
                return
            assert time.monotonic() < deadline, self.call("logs", service)
            time.sleep(1)


def project(containers: list[str], repository: Path, tmp_path: Path, *files: str) -> Project:
    """A project of some compose files, with docker's own compose or podman-compose."""
    options = [part for name in files for part in ("-f", name)]
    if containers[0] == "docker":
        return Project(["docker", "compose", *options], containers, repository)
    # podman-compose takes one program as podman, not a program with options.
    program = tmp_path / "podman"
    # Debian 12's podman cannot start what requires a container that requires another; depends_on keeps the order.
    program.write_text(
        "#!/bin/sh\nfor argument; do\n  shift\n"
        '  case $argument in --requires=*) ;; *) set -- "$@" "$argument" ;; esac\ndone\n'
        f'exec {shlex.join(containers)} "$@"\n'
    )
    program.chmod(0o755)
    tool = Path(sys.executable).parent / "podman-compose"
    return Project([str(tool), "--podman-path", str(program), *options], containers, repository)


def get(url: str, seconds: float = 120) -> Any:
    """The JSON at an address, as soon as it answers 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return json.loads(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


@pytest.fixture
def mixed(containers: list[str], repository: Path, tmp_path: Path) -> Iterator[Project]:
    """The first file, LocalStack's place taken by the stand-in's image where LocalStack's own cannot be had."""
    files = ["docker-compose.yml"]
    if not shutil.which("docker") or containers[0] != "docker":
        files.append("tests/containers/in-place-of-localstack.yml")
    found = project(containers, repository, tmp_path, *files)
    yield found
    found.call("down", "--volumes")


@pytest.fixture
def alone(containers: list[str], repository: Path, tmp_path: Path) -> Iterator[Project]:
    """The second file, which needs no image of others."""
    found = project(containers, repository, tmp_path, "docker-compose.local.yml")
    yield found
    found.call("down", "--volumes")


def check_pipeline(running: Project, *stand_ins: str) -> int:
    """Check what `up` promises, and return the number of rows that the dashboard shows."""
    for service in (*stand_ins, "dashboard"):
        running.becomes_healthy(service)
    for service in ("prepare", "exporter"):
        assert running.status(service)["ExitCode"] == 0
    assert get(f"http://127.0.0.1:{PORTS['DASHBOARD_PORT']}/healthz") == {"status": "ok"}
    rows = int(get(f"http://127.0.0.1:{PORTS['DASHBOARD_PORT']}/api/stats")["totalRows"])
    assert ITEMS * 0.9 < rows <= ITEMS  # the sample's few items without a readable day are withheld
    assert re.search(r"schedule: next run at \S+Z: python -m exporter export", logs(running, "schedule"))
    return rows


def logs(running: Project, service: str) -> str:
    done = subprocess.run(
        [*running._engine, "logs", running.container(service)], check=True, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def check_run_by_hand(running: Project) -> None:
    """Check that `run --rm exporter export` exports, and prints the report as the last line of its own output."""
    report = json.loads(
        running.call("run", "--rm", "-T", "--no-deps", "exporter", "export", "--all", "--json").splitlines()[-1]
    )
    assert report["status"] == "succeeded"


def check_link(running: Project) -> None:
    """Check that a presigned link opens from outside the containers' network, as a browser opens it."""
    base = f"http://127.0.0.1:{PORTS['DASHBOARD_PORT']}"
    result = post(f"{base}/api/query", {"query": "all_records", "limit": 5})
    assert result["rowCount"] == 5
    with urllib.request.urlopen(f"{base}/api/download?queryExecutionId={result['queryExecutionId']}") as response:
        assert response.url.startswith(f"http://localhost:{PORTS['S3_PORT']}/")
        assert response.read().startswith(b'"contact_id",')


def check_stop(running: Project, *services: str) -> None:
    """Check that every service ends by itself when asked, well before it would be killed."""
    running.call("stop")
    for service in services:
        state = running.status(service)
        assert not state["Running"]
        assert state["ExitCode"] in {0, 143}, f"{service} ended with {state['ExitCode']}"


def test_first_file_runs_the_pipeline(mixed: Project) -> None:
    """`up` loads, exports and serves; links open, the exporter runs by hand, and all services stop when asked."""
    mixed.call("up", "--detach", "--no-build")
    check_pipeline(mixed, "localstack", "athena")
    check_run_by_hand(mixed)
    check_link(mixed)
    check_stop(mixed, "localstack", "athena", "schedule", "dashboard")


def test_second_file_keeps_its_data(alone: Project) -> None:
    """Without images of others the same holds, and after `down` and `up` the contacts are there, not loaded again."""
    alone.call("up", "--detach", "--no-build")
    rows = check_pipeline(alone, "aws")
    assert "contacts loaded" in logs(alone, "prepare")
    check_run_by_hand(alone)
    check_link(alone)
    check_stop(alone, "aws", "schedule", "dashboard")
    alone.call("down")
    alone.call("up", "--detach", "--no-build")
    assert check_pipeline(alone, "aws") == rows
    assert "contacts, nothing to load" in logs(alone, "prepare")
