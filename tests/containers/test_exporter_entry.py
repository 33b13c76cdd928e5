"""The exporter image's entry, run without an image: the same script, the same runtime client."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from runtime_api import RuntimeApi

ENTRY = "containers/exporter.sh"


@pytest.fixture
def environment(repository: Path, aws: dict[str, str]) -> dict[str, str]:
    """The image's environment, with this repository's own Python first on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | aws | {"PATH": path, "PYTHONPATH": str(repository)}


def test_a_command_is_the_exporters_own(repository: Path, environment: dict[str, str]) -> None:
    """Outside Lambda the arguments go to `python -m exporter`, and its status is the container's."""
    done = subprocess.run(
        [repository / ENTRY, "export", "--mode", "SOMETIMES"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "SOMETIMES" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="stays: awslambdaric is built for Linux alone, as Lambda is")
def test_lambda_events_are_served(repository: Path, environment: dict[str, str]) -> None:
    """Where Lambda's runtime address is set, events come from it; each is answered by a run report or an error."""
    with RuntimeApi() as api:
        lambda_environment = environment | {"AWS_LAMBDA_RUNTIME_API": api.address}
        with subprocess.Popen(
            [repository / ENTRY, "export"], env=lambda_environment, stderr=subprocess.PIPE
        ) as function:
            try:
                kind, report = api.invoke({"all": True}, 120)
                assert (kind, report["status"], report["dataset"]) == ("response", "succeeded", "contacts")
                assert report["rows"] > 0
                kind, error = api.invoke({"startDate": "yesterday"}, 60)
                assert kind == "error"
                assert "startDate" in error["errorMessage"]
            finally:
                function.kill()
