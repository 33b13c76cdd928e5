"""What every start of the program costs: nothing that it does not use."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules that `python -m exporter` loads before it does anything."""
    command = [sys.executable, "-X", "importtime", "-m", "exporter", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return {line.rpartition("|")[2].strip() for line in told.splitlines()}


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
        "import exporter.lean_imports, pyarrow as pa, sys; pa.array([1]); print({'pandas', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
