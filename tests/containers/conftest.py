"""A stand-in with a small table, as a program of its own; and the container tool that `make images` offers."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Test folders are not packages, so what they share among themselves is found through the path.
sys.path.insert(0, str(Path(__file__).parent))

CONTACTS = 60

# `make test` needs no container engine: what runs images is collected where `make images` names one.
collect_ignore = [] if os.environ.get("CONTAINERS") else ["test_images.py", "test_compose_runs.py"]


@pytest.fixture(scope="session")
def aws(repository: Path) -> Iterator[dict[str, str]]:
    """The environment that points a program at a stand-in with a bucket and 60 sample contacts, nothing exported.

    The stand-in is another process: in this one its data would mix with that of other tests.
    """
    local = [sys.executable, "-m", "local"]
    with subprocess.Popen(
        [*local, "serve", "--port", "0"], cwd=repository, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        ready = re.search(r"AWS_ENDPOINT_URL=(\S+)", server.stderr.readline())
        assert ready
        environment = {
            "AWS_ENDPOINT_URL": ready[1],
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
            "DATASET": "contacts",
            "S3_BUCKET": "contact-reports",
            "ATHENA_RESULTS": "s3://contact-reports/athena-results/",
        }
        prepare = [*local, "prepare", "--items", str(CONTACTS)]
        subprocess.run(prepare, cwd=repository, env=os.environ | environment, check=True, capture_output=True)
        yield environment
        server.terminate()


@pytest.fixture(scope="session")
def containers() -> list[str]:
    """The command that runs containers, `docker` or `podman` with its options; `make images` sets it."""
    return shlex.split(os.environ["CONTAINERS"])
