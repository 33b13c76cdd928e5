"""What every start of the program costs: nothing that it does not use."""

import subprocess
import sys
from typing import Any

import pytest
from botocore.session import Session

from exporter.clients import Clients


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules that `python -m exporter` loads before it does anything."""
    command = [sys.executable, "-X", "importtime", "-m", "exporter", "--help"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return {line.rpartition("|")[2].strip() for line in lines.splitlines()}


@pytest.mark.parametrize(
    "module", ["pandas.core", "numpy._core", "rich.traceback", "s3transfer", "boto3", "local", "dashboard"]
)
def test_the_program_starts_without(imported, module):
    """Data frames, tracebacks, file transfers and the other programs cost half a second and 85 MB for nothing."""
    assert "pyarrow" in imported
    assert module not in imported


def test_arrays_are_made_without_pandas_and_numpy():
    """An array is where pyarrow would load both; inside the program it finds none and goes on."""
    code = (
        "import exporter.runtime.lean_imports, pyarrow as pa, sys; pa.array([1]);"
        "print({'pandas', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("service", ["dynamodb", "s3", "glue", "athena"])
def test_a_client_is_the_one_that_the_sdk_makes(service):
    """Models are found and parsed faster here, and must be the same ones."""
    ours: Any = getattr(Clients("eu-central-1"), service)
    theirs: Any = Session().create_client(service, region_name="eu-central-1")
    assert ours.meta.service_model._service_description == theirs.meta.service_model._service_description
    assert ours.meta.partition == theirs.meta.partition == "aws"
    assert {name for name in dir(ours) if not name.startswith("_")} == {
        name for name in dir(theirs) if not name.startswith("_")
    }
