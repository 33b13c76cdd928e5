"""Importing is free of effects: a program that uses a part of these keeps its own process as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import decimal, gc, importlib, locale, logging, os, pkgutil, signal, socket, sys, warnings
import botocore.awsrequest, botocore.httpchecksum, botocore.loaders, botocore.retries.special, botocore.session

def seen():
    return {
        "gc": (gc.get_threshold(), gc.isenabled(), gc.get_freeze_count()),
        "botocore": (
            botocore.awsrequest.AWSResponse, botocore.httpchecksum.crc32, botocore.retries.special.crc32,
            botocore.loaders.Loader.FILE_LOADER_CLASS, botocore.session.Session.create_client,
        ),
        "path": list(sys.path),
        "decimal": repr(decimal.getcontext()),
        "locale": locale.setlocale(locale.LC_ALL),
        "log": (list(logging.root.handlers), logging.root.level),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "timeout": socket.getdefaulttimeout(),
        "hooks": (sys.excepthook, sys.displayhook),
    }

program = importlib.import_module(sys.argv[1])

def import_all():
    for found in pkgutil.walk_packages(program.__path__, program.__name__ + "."):
        if not found.name.endswith("._scan") and ".native._" not in found.name:
            importlib.import_module(found.name)

environment = dict(os.environ)
before = seen()
import_all()
after = seen()
# Other packages set warnings and variables when they are loaded; by now they are, so what is set from here on is ours.
for name in [name for name in sys.modules if name.partition(".")[0] == program.__name__ and name != program.__name__]:
    del sys.modules[name]
warnings.resetwarnings()
finders = list(sys.meta_path)
os.environ.clear()
os.environ.update(environment)
import_all()
changed = [name for name in before if before[name] != after[name]]
changed += ["warnings"] * bool(warnings.filters) + ["finders"] * (sys.meta_path != finders)
changed += ["environment"] * (os.environ != environment)
print(changed)
"""


@pytest.mark.parametrize("program", ["dataset_model", "exporter", "dashboard", "infra"])
def test_importing_any_module_changes_nothing_global(repository: Path, program: str) -> None:
    """The collector, the SDK, warnings, signals and the environment are set by entry points, never by an import."""
    command = [sys.executable, "-c", CODE, program]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr[-500:]
