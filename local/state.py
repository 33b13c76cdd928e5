"""The stand-in's tables, objects and catalogue in a file, so that they outlive the process.

moto's objects are pickled whole: its own state has ETags, versions and times, which an export and import over the API
would not bring back. The file is read by the moto that wrote it alone; any other starts empty and keeps the file.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import pickle
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

NAME = "state.pickle"
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "Search")
_QUIET_WITHIN = 30.0
_log = logging.getLogger(__name__)


class State:
    """moto's state and the folder that keeps it. Wraps moto's application, so that it is saved between requests."""

    def __init__(self, folder: Path, application: Application) -> None:
        self._file = folder / NAME
        self._application = application
        self._changed = False
        self._active = 0
        self._quiet = threading.Condition()
        self._saving = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; wait while the state is being copied."""
        with self._under_way(lambda: _is_write(environ)):
            return self._application(environ, start_response)

    def apply(self, change: Callable[[], int]) -> None:
        """Run what changes the state without a request, and returns in how many places."""
        changed = 0
        with self._under_way(lambda: changed > 0):
            changed = change()

    def load(self) -> None:
        """Bring back what was saved, if anything was."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return
        started = time.monotonic()
        with _without_collector(), _unmeasured_items():
            # The file is this program's own, in a folder that its user named.
            made_by, services = _unpickled(content)
        if made_by != _maker():
            kept = self._file.with_suffix(".old")
            self._file.replace(kept)
            _log.warning(
                "%s was written by %s; starting empty, kept as %s", self._file, made_by or "something else", kept.name
            )
            return
        for name, backends in _backends().items():
            for (account, region), backend in services[name].items():
                dict.__setitem__(backends[account], region, backend)
        _s3_backends().bucket_accounts.update(services["bucket owners"])
        _log.info("loaded %s in %.1f s", self._file, time.monotonic() - started)

    def save(self) -> None:
        """Write the state, replacing the file at once; without a change since the last time, do nothing."""
        with self._saving:
            if not self._changed:
                return
            with self._paused():
                self._changed = False
                content = _pickled()
            temporary = self._file.with_suffix(".new")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._file)

    def save_every(self, seconds: float) -> None:
        """Save in the background from now on, so that a kill loses little."""

        def run() -> None:
            while True:
                time.sleep(seconds)
                try:
                    self.save()
                except OSError:
                    _log.exception("the state could not be saved")

        threading.Thread(target=run, name="save state", daemon=True).start()

    @contextlib.contextmanager
    def _under_way(self, has_changed: Callable[[], bool]) -> Iterator[None]:
        with self._quiet:
            self._active += 1
        try:
            yield
        finally:
            with self._quiet:
                self._active -= 1
                self._changed = self._changed or has_changed()
                self._quiet.notify_all()

    @contextlib.contextmanager
    def _paused(self) -> Iterator[None]:
        """Hold new requests back, after those under way have been answered."""
        with self._quiet:
            # A request that hangs must not keep the rest from being saved.
            self._quiet.wait_for(lambda: self._active == 0, timeout=_QUIET_WITHIN)
            yield


def _is_write(environ: Environ) -> bool:
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return not target.rpartition(".")[2].startswith(_READS)
    return environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}


def _maker() -> str:
    return f"moto {version('moto')} on Python {platform.python_version()}"


def _s3_backends() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends


def _backends() -> dict[str, Any]:
    from moto.dynamodb.models import dynamodb_backends
    from moto.glue.models import glue_backends

    return {"dynamodb": dynamodb_backends, "glue": glue_backends, "s3": _s3_backends()}


def _pickled() -> bytes:
    services: dict[str, Any] = {
        name: {(account, region): one for account in list(backends) for region, one in list(backends[account].items())}
        for name, backends in _backends().items()
    }
    services["bucket owners"] = dict(_s3_backends().bucket_accounts)
    with _without_collector():
        # Two layers, so that the writer's version can be read where the state cannot.
        return pickle.dumps((_maker(), pickle.dumps(services, pickle.HIGHEST_PROTOCOL)))


def _unpickled(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        made_by, services = pickle.loads(content)  # noqa: S301
    except Exception:  # noqa: BLE001 - a damaged file fails in as many ways as there are bytes
        return "", {}
    return str(made_by), pickle.loads(services) if made_by == _maker() else {}  # noqa: S301


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the collector from looking at millions of new objects again and again; they all stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _unmeasured_items() -> Iterator[None]:
    """Keep moto from adding up an item's size at each of its attributes, nine tenths of the time of loading."""
    from moto.dynamodb.models.dynamo_type import LimitedSizeDict

    measured = LimitedSizeDict.__setitem__
    setattr(LimitedSizeDict, "__setitem__", dict.__setitem__)  # noqa: B010  (a type checker objects)
    try:
        yield
    finally:
        setattr(LimitedSizeDict, "__setitem__", measured)  # noqa: B010
