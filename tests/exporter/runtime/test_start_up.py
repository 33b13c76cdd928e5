"""What every start of the program costs: nothing that it does not use."""

import os
import subprocess
import sys

import pytest

EXCLUDE = "from exporter.runtime import lean_imports; lean_imports.exclude()"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules that `python -m exporter` loads before it does anything."""
    command = [sys.executable, "-X", "importtime", "-m", "exporter", "--help"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return {line.rpartition("|")[2].strip() for line in lines.splitlines()}


@pytest.mark.parametrize(
    "module",
    [
        "pandas.core", "numpy._core", "rich.traceback", "s3transfer", "boto3", "local", "dashboard",
        "pyarrow.vendored.docscrape", "asyncio",
    ],
)  # fmt: skip
def test_the_program_starts_without(imported, module):
    """Data frames, tracebacks, file transfers and the other programs cost half a second and 85 MB for nothing."""
    assert "pyarrow" in imported
    assert module not in imported


@pytest.mark.parametrize(
    "module",
    [
        "exporter.changes.writer", "exporter.run.dry_run", "exporter.sources.scan_source",
        "exporter.sources.table_scan", "exporter.sources.table_export", "exporter.targets.change_log",
        "exporter.targets.quicksight_manifest",
    ],
)  # fmt: skip
def test_an_export_of_an_index_loads_no_other_way(entry_modules, module):
    """What reads a table, an export or a stream is loaded by the run that reads one."""
    assert "exporter.sources.index_source" in entry_modules
    assert module not in entry_modules


@pytest.fixture(scope="module")
def entry_modules() -> set[str]:
    """Modules that the Lambda entry and the verb `export` load before a run begins."""
    return {*run_code("import sys, exporter.lambda_handler, exporter.cli.export; print(*sys.modules)").split()}


def test_arrays_are_made_without_pandas_and_numpy():
    """An array is where pyarrow would load both; inside the program it finds none and goes on."""
    code = f"{EXCLUDE}; import pyarrow as pa, sys; pa.array([1]);print({{'pandas', 'numpy'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_functions_of_arrow_take_their_options_by_position_and_by_name():
    """Their docstrings alone are shorter inside the program."""
    code = (
        f"{EXCLUDE}; import pyarrow as pa, pyarrow.compute as pc\n"
        "texts = pa.array(['ab', 'b', None])\n"
        "print(pc.match_substring_regex(texts, pattern='^a').to_pylist(), pc.fill_null(texts, '').to_pylist(),\n"
        "      pc.round(1.25, 1).as_py(), pc.min_max(texts, skip_nulls=False).as_py())"
    )
    assert run_code(code) == "[True, False, None] ['ab', 'b', ''] 1.2 {'min': None, 'max': None}"


def test_an_event_loop_can_still_be_had():
    """A log that is not awaited starts without asyncio; what imports it afterwards gets the real one."""
    assert run_code(f"{EXCLUDE}; import asyncio; print(asyncio.run(asyncio.sleep(0, 7)))") == "7"
    assert run_code(f"import asyncio; {EXCLUDE}; print(asyncio.run(asyncio.sleep(0, 7)))") == "7"


def run_code(code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_fork_that_needs_numpy_switches_the_exclusion_off():
    """EXPORTER_LEAN_IMPORTS=0 excludes nothing, so numpy can be imported inside the program."""
    code = f"{EXCLUDE}; import numpy; print(numpy.array([1]).sum())"
    assert run_code(code, EXPORTER_LEAN_IMPORTS="0") == "1"
    refused = f"{EXCLUDE}\ntry:\n import numpy\nexcept ImportError as error: print(error)"
    assert run_code(refused) == "numpy is excluded from this program"


def test_importing_the_exporter_leaves_the_sdk_as_it_is():
    """Only an entry point's `patch_sdk` changes botocore: a program that imports these modules keeps its own."""
    code = (
        "import botocore.awsrequest, botocore.httpchecksum as sent, botocore.retries.special as received\n"
        "import importlib, pkgutil\n"
        "def seen(): return (botocore.awsrequest.AWSResponse, sent.crc32, received.crc32)\n"
        "before = seen()\n"
        "import exporter, exporter.lambda_handler, exporter.__main__\n"
        "for found in pkgutil.walk_packages(exporter.__path__, 'exporter.'):\n"
        "    '.runtime.lean' in found.name or 'exporter.native.' in found.name or importlib.import_module(found.name)\n"
        "unchanged = seen() == before\n"
        "from exporter.runtime.sdk_patches import patch_sdk; patch_sdk(); once = seen(); patch_sdk()\n"
        "print(unchanged, once != before, seen() == once)"
    )
    assert run_code(code) == "True True True"


@pytest.mark.parametrize("service", ["dynamodb", "s3", "glue", "athena"])
def test_a_client_is_the_one_that_the_sdk_makes(service):
    """Models are found and parsed faster here, and must be the same ones, in a process that has sent no request yet.

    The SDK itself changes the model of S3 with the first request that names a bucket.
    """
    code = (
        "from botocore.session import Session\n"
        "from exporter.clients import Clients\n"
        f"ours = getattr(Clients('eu-central-1'), {service!r})\n"
        f"theirs = Session().create_client({service!r}, region_name='eu-central-1')\n"
        "named = lambda client: {name for name in dir(client) if not name.startswith('_')}\n"
        "models = [client.meta.service_model._service_description for client in (ours, theirs)]\n"
        "print(models[0] == models[1], ours.meta.partition, theirs.meta.partition, named(ours) == named(theirs))"
    )
    assert run_code(code) == "True aws aws True"
