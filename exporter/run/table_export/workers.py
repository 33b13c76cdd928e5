"""The files of a table export flow in, converted files flow out, by several processes on one machine.

A worker that dies loses nothing: its written files stay, and the other workers, or new ones, convert the rest.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import structlog

from dataset_model.derivations import load_modules
from exporter.errors import Interrupted, SourceError
from exporter.run.reporting.progress import Progress
from exporter.run.table_export.export_conversion import Converter
from exporter.runtime.lean_imports import exclude
from exporter.runtime.logs import configure_logging
from exporter.runtime.sdk_patches import patch_sdk
from exporter.settings import Settings
from exporter.sources.table_export.exporting import CompletedExport
from exporter.sources.table_export.manifests import ExportFile

ROUNDS = 5
"""How often dead workers are replaced."""

_log = structlog.get_logger()
_converters: list[Converter] = []
"""Of this process, where it is a worker."""


def convert_missing(
    settings: Settings, export: CompletedExport, workers: int, stop: threading.Event, progress: Progress
) -> None:
    """Convert the files of an export that are not converted yet.

    Raises SourceError for a damaged file, or where workers keep dying; Interrupted after a stop, when the files under
    way are done. The same call goes on where this one ended.
    """
    converter = Converter(settings, export)
    for _ in range(ROUNDS):
        left = converter.missing()
        if not left:
            return
        _log.info("converting the export", arn=export.arn, files=len(left), workers=workers)
        try:
            _convert(settings, export, left, workers, stop, progress)
        except BrokenProcessPool:
            _log.warning("a worker has died; new ones convert the rest", left=len(converter.missing()))
    if left := converter.missing():
        raise SourceError(
            f"workers died {ROUNDS} times while they converted export {export.arn}; {len(left):,} files are left. "
            "Give the machine more memory or lower --workers, and run the same command with "
            f"--export-arn {export.arn}"
        )


def _convert(
    settings: Settings,
    export: CompletedExport,
    files: list[ExportFile],
    workers: int,
    stop: threading.Event,
    progress: Progress,
) -> None:
    left = deque(files)
    failed = threading.Event()
    count = min(workers, len(files))
    with ThreadPoolExecutor(count, "conversion") as threads:
        running = [threads.submit(_work, settings, export, left, (stop, failed), progress) for _ in range(count)]
    faults = [fault for future in running if (fault := future.exception())]
    for fault in sorted(faults, key=lambda fault: isinstance(fault, BrokenProcessPool)):
        raise fault
    if left and stop.is_set():
        raise Interrupted(f"stopped while the export was converted; continue with --export-arn {export.arn}")


def _work(
    settings: Settings,
    export: CompletedExport,
    left: deque[ExportFile],
    ends: tuple[threading.Event, threading.Event],
    progress: Progress,
) -> None:
    """Convert one file after the other in a process of its own.

    A pool of several would start some while others work, and one that dies then leaves the pool waiting for ever.
    """
    spawned = multiprocessing.get_context("spawn")  # a fork would share the threads and clients of this process
    _, failed = ends
    with ProcessPoolExecutor(1, spawned, initializer=_begin, initargs=(settings, export)) as worker:
        while not any(end.is_set() for end in ends):
            try:
                file = left.popleft()
            except IndexError:  # another worker took the last one
                return
            try:
                progress.read(items=worker.submit(_convert_file, file).result(), units=0.0)
            except BrokenProcessPool:
                raise
            except BaseException:
                failed.set()
                raise


def _begin(settings: Settings, export: CompletedExport) -> None:
    """Prepare a worker, which ends when the process that has started it does."""
    exclude()
    patch_sdk()
    configure_logging(settings.log_level)
    load_modules(os.environ)  # which the starter has found to be usable
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the terminal sends it to all; the starter waits for what is under way
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _converters.append(Converter(settings, export))


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _convert_file(file: ExportFile) -> int:
    return _converters[0].convert(file).items
