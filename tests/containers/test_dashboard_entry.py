"""The dashboard image's entry, run without an image: the same script, the same runtime client."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from runtime_api import RuntimeApi

ENTRY = "containers/dashboard.sh"


@pytest.mark.skipif(sys.platform != "linux", reason="stays: awslambdaric is built for Linux alone, as Lambda is")
def test_lambda_events_are_served(repository: Path, aws: dict[str, str]) -> None:
    """Where Lambda's runtime address is set, queries come from it; one that names no query is answered by an error."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | aws | {"PATH": path, "PYTHONPATH": str(repository)}
    with (
        RuntimeApi() as api,
        subprocess.Popen(
            [repository / ENTRY], env=environment | {"AWS_LAMBDA_RUNTIME_API": api.address}, stderr=subprocess.PIPE
        ) as function,
    ):
        try:
            kind, error = api.invoke({"query": "everything"}, 60)
        finally:
            function.kill()
    assert (kind, error["errorType"]) == ("error", "InvalidRequest")
    assert "query" in error["errorMessage"]


def test_elsewhere_the_pages_are_served(repository: Path) -> None:
    """Outside Lambda the script runs Streamlit on the image's port, and hands further options on."""
    text = (repository / ENTRY).read_text(encoding="utf-8")
    port = "--server.port=8501"
    assert text.splitlines()[-1].startswith("exec python -m streamlit run dashboard/app.py --server.address=0.0.0.0 ")
    assert text.splitlines()[-1].endswith(f'{port} "$@"')


def test_reports_are_sent_by_the_same_image(repository: Path) -> None:
    """With `reports` as its first argument the script runs that program, which checks its settings before any call."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONPATH": str(repository), "S3_BUCKET": "reports", "DATASET": "contacts"}
    command = [repository / ENTRY, "reports", "run"]
    ended = subprocess.run(command, env=environment, cwd=repository, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "DASHBOARD_URL: expected the address by which readers reach the dashboard" in ended.stderr
