"""What every test stands on: no real account, no real network, repeatable properties."""

import gc
import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# For this process and every program that a test starts. Port 9 of this machine answers no request: a client
# without a stand-in fails at once, instead of asking Amazon.
for _name in [
    name for name in os.environ if name.startswith(("AWS_", "STREAMLIT_")) or name.lower().endswith("_proxy")
]:
    del os.environ[_name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "*",
}

# A machine that forbids it would have every program of every test compile the same modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("here", deadline=None)  # a busy machine is not a fault
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


# While tests are listed, the collector would look through their modules again and again, and find nothing.
_USUAL = gc.get_threshold()
gc.set_threshold(100_000)


def pytest_collection_finish() -> None:
    """Let the collector leave alone what stays loaded, and look as often as usual at what tests leave: tables, too."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_USUAL)


def _refuse_outside(address: Any) -> None:
    if not isinstance(address, tuple):
        return  # a Unix socket
    host = str(address[0]).partition("%")[0]
    if host in {"localhost", ""}:
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise AssertionError(f"a test tried to reach {address}; tests talk to this machine alone")


_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _refuse_outside(address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _refuse_outside(address)
    return _connect_ex(self, address)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def as_structlog_starts() -> Iterator[None]:
    """A command run within this process sets up its logs; the next test must not inherit its level."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium that `make test` found, for `playwright.chromium.launch(executable_path=...)`."""
    remembered = REPOSITORY / ".venv" / "chromium-path"
    found = os.environ.get("CHROMIUM_PATH") or (remembered.read_text().strip() if remembered.is_file() else None)
    found = found or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.fail("no Chromium: `make test` finds or installs one, CHROMIUM_PATH names one")
    return found
