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


@pytest.mark.parametrize("module", ["pandas.core", "s3transfer", "boto3", "local", "dashboard"])
def test_the_program_starts_without(imported, module):
    """Data frames, file transfers and the other programs are a quarter of a second and 60 MB that no export needs."""
    assert "pyarrow" in imported
    assert module not in imported


def test_arrays_are_made_without_pandas():
    """An array is where pyarrow would load pandas; inside the program it finds none and goes on."""
    code = "import exporter.without_pandas, pyarrow as pa, sys; pa.array([1]); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
