"""`python -m local.demo`: everything on this machine, from sample data in DynamoDB to a dashboard in a browser.

The AWS stand-in runs in this process, the exporter and the dashboard as the programs that they are. They run until
Ctrl-C (or SIGTERM); then all of them stop. A second Ctrl-C stops them at once.
"""

import argparse
import datetime as dt
import http.client
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from dataset_model.loading import load_dataset
from local.demo.datasets import DEMO_DATASETS
from local.demo.messages import SEND, environment_script, export_summary, items_read, ready_lines
from local.demo.processes import Children, Interrupted
from local.demo.sample_notices import make_notices
from local.demo.settings import (
    BUCKET,
    REGION,
    REPOSITORY,
    WORKGROUP,
    DemoSettings,
    UsageError,
    adopt,
    clean_environment,
    is_free,
    settings_from_environment,
)
from local.demo.stages import Stage, StageFailedError, Stages, tail
from local.mail.page_server import mail_page
from local.mail.sink import mail_sink
from local.sample.place import Place

if TYPE_CHECKING:
    from local.server import Server

READY_WITHIN = 60.0
"""Seconds that the dashboard may take to answer."""

AGAIN = "Correct what the log names, then run `make demo` again. It starts with empty data each time."
DASHBOARD_ADVICE = f"{AGAIN} `make setup` repairs packages that are missing."

START, LOAD, EXPORT, SERVE = "AWS stand-in", "sample data", "export to Parquet", "dashboard"


class Demo:
    """One run of the demo; `run` returns its exit status."""

    def __init__(self, settings: DemoSettings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._folder = settings.folder.resolve()
        self._children = Children()
        self._server: Server | None = None
        self._mail = ExitStack()
        self._scratch: Path | None = None
        self._commands: list[tuple[str, ...]] = []

    def run(self) -> int:
        """Start everything, wait to be stopped, stop everything."""
        self._children.catch_signals()
        ready = False
        try:
            self._check_port()
            self._start(self._prepared_folder())
            ready = True
            self._report_ready()
            if not self._settings.exit_when_ready:
                self._send_samples()
                self._wait()
        except StageFailedError as failure:
            self._report_failure(failure)
            return 1
        except Interrupted:
            self._console.print("\nstopping ...")
            return 0 if ready else 130
        finally:
            self._stop()
        return 0

    def _check_port(self) -> None:
        port = self._settings.port
        try:
            free = is_free(port)
        except PermissionError:
            raise StageFailedError(
                f"port {port} is reserved for the administrator", "Choose one above 1023: make demo DEMO_PORT=8502"
            ) from None
        if not free:
            other = next(number for number in range(port + 1, port + 200) if number > 65_535 or is_free(number))
            advice = f"Stop that program, or use another port: make demo DEMO_PORT={other if other <= 65_535 else 8502}"
            raise StageFailedError(f"port {port} is in use by another program", advice)

    def _prepared_folder(self) -> Path:
        """Make the demo's folder and in it a scratch folder, which is returned."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._scratch = scratch = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
        except OSError as error:
            raise StageFailedError(
                f"{self._folder} cannot be written ({error.strerror})", "Make the folder writable, then start again."
            ) from None
        adopt(clean_environment(os.environ, self._folder, scratch) | self._settings.environment(""))
        tempfile.tempdir = None  # read again, so that the stand-in's scratch files lie in the demo's folder as well
        return scratch

    def _start(self, scratch: Path) -> None:
        log = self._folder / "demo.log"
        with Stages([START, LOAD, EXPORT, SERVE], self._console) as stages:
            with self._guarded(stages, START, log) as stage:
                self._start_server(stage)
            with self._guarded(stages, LOAD, log) as stage:
                self._load(stages, stage, scratch)
            with self._guarded(stages, EXPORT, log) as stage:
                self._export(stages, stage)
            with self._guarded(stages, SERVE, log) as stage:
                self._serve(stage)

    @contextmanager
    def _guarded(self, stages: Stages, name: str, log: Path) -> Iterator[Stage]:
        """Run a stage; an unexpected error goes to a log and fails the stage, without a traceback."""
        with stages.stage(name) as stage:
            try:
                yield stage
            except StageFailedError:
                raise
            except Exception as error:
                log.write_text(traceback.format_exc(), encoding="utf-8")
                reason = f"{name}: {type(error).__name__}: {error}"
                raise StageFailedError(reason, "This is a fault of the demo. Its log has the details.", log) from error

    def _start_server(self, stage: Stage) -> None:
        from local.server import serve

        wanted = self._settings.aws_port
        free = wanted if is_free(wanted) else 0
        self._server = serve(port=free)
        self._url = self._server.url
        sink = self._mail.enter_context(mail_sink())
        mail_port = self._settings.mail_port if is_free(self._settings.mail_port) else 0
        page = self._mail.enter_context(mail_page(sink.mailbox, mail_port, f"What is due is sent by {SEND}"))
        self._mail_url = page.url
        self._environment = dict(os.environ) | self._settings.environment(self._url, sink.url)
        adopt(self._environment)
        stage.detail = self._url if free else f"{self._url} (port {wanted} is in use)"

    def _load(self, stages: Stages, stage: Stage, scratch: Path) -> None:
        import boto3
        from moto.core.models import DEFAULT_ACCOUNT_ID

        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("athena").create_work_group(
            Name=WORKGROUP,
            Configuration={
                "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/athena-results/"},
                "EnforceWorkGroupConfiguration": True,
            },
        )
        place = Place(
            items=self._settings.items,
            now=dt.datetime.now(dt.UTC),
            bucket=BUCKET,
            folder=scratch,
            account=DEFAULT_ACCOUNT_ID,
            region=REGION,
            report=lambda detail: stages.progress(stage, detail),
        )
        loaded = [DEMO_DATASETS[name].load(place) for name in self._settings.names]
        self._commands = [(*self._settings.exporter, *command) for one in loaded for command in one.commands]
        stage.detail = "; ".join(one.detail for one in loaded)

    def _export(self, stages: Stages, stage: Stage) -> None:
        log, output, preparation = (self._folder / name for name in ("exporter.log", "export.json", "commands.log"))
        for number, command in enumerate(self._commands):
            self._run_exporter(stages, stage, command, (preparation, preparation, number > 0))
        for number, file in enumerate(self._settings.files):
            self._run_exporter(stages, stage, self._settings.export_command(file), (output, log, number > 0))
        stage.detail = export_summary(output)

    def _run_exporter(
        self, stages: Stages, stage: Stage, command: tuple[str, ...], files: tuple[Path, Path, bool]
    ) -> None:
        """Run a command to its end; `files` are its output and log, and whether they go on."""
        output, log, append = files
        process = self._children.start(command, self._environment, REPOSITORY, output, log, append=append)

        def report() -> None:
            stages.progress(stage, items_read(log) or stage.detail)

        status = self._children.wait(process, report)
        if status != 0:
            raise StageFailedError(f"the exporter ended with status {status}", AGAIN, log)

    def _serve(self, stage: Stage) -> None:
        log = self._folder / "dashboard.log"
        quiet = ("--server.headless", "true", "--browser.gatherUsageStats", "false")
        command = (*self._settings.dashboard_command, "--server.port", str(self._settings.port), *quiet)
        self._dashboard = self._children.start(command, self._environment, REPOSITORY, log, log)
        deadline = time.monotonic() + READY_WITHIN
        while not self._is_healthy():
            if (status := self._dashboard.poll()) is not None:
                raise StageFailedError(f"the dashboard ended with status {status}", DASHBOARD_ADVICE, log)
            if time.monotonic() > deadline:
                raise StageFailedError(
                    f"the dashboard did not answer within {READY_WITHIN:.0f} s", DASHBOARD_ADVICE, log
                )
            time.sleep(0.1)
        stage.detail = self._settings.url

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._settings.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _wait(self) -> None:
        # In short turns: a signal's handler runs between them on every platform.
        while self._dashboard.poll() is None:
            time.sleep(0.2)
        status, log = self._dashboard.returncode, self._folder / "dashboard.log"
        raise StageFailedError(f"the dashboard ended with status {status}", DASHBOARD_ADVICE, log)

    def _report_ready(self) -> None:
        variables = self._folder / "environment"
        variables.write_text(environment_script(self._environment, self._settings.environment("")), encoding="utf-8")
        datasets = [load_dataset(file, {}) for file in self._settings.files]
        places = (self._settings.url, self._mail_url, _relative(variables), _relative(self._folder))
        for line in ready_lines(*places, datasets):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _send_samples(self) -> None:
        """Send sample messages; the demo continues if that fails."""
        first = load_dataset(self._settings.files[0], {})
        if make_notices(self._settings.port, first.name):
            output, log = self._folder / "reports.txt", self._folder / "reports.log"
            self._children.start(self._settings.sender, self._environment, REPOSITORY, output, log)

    def _report_failure(self, failure: StageFailedError) -> None:
        lines = ["", f"The demo stopped: {failure.reason}"]
        if failure.log:
            last = tail(failure.log)
            lines += [f"The end of {_relative(failure.log)}:", *(f"  | {line}" for line in last or ["(empty)"])]
        for line in (*lines, f"What to do: {failure.advice}"):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _stop(self) -> None:
        self._children.stop()
        if self._server is not None:
            # A query that still runs must not keep the demo from ending.
            closing = threading.Thread(target=self._server.close, daemon=True)
            closing.start()
            closing.join(3)
        self._mail.close()
        with suppress(OSError):
            (self._folder / "environment").unlink(missing_ok=True)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _relative(path: Path) -> str:
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)


def main(arguments: list[str] | None = None) -> int:
    """Read the variables DEMO_* and run the demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="Run the whole product on this machine.")
    parser.add_argument("--exit-when-ready", action="store_true", help="stop as soon as the dashboard answers")
    parser.add_argument("--folder", type=Path, help="where logs go; default: .demo in the clone")
    given = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        settings = settings_from_environment(os.environ, exit_when_ready=given.exit_when_ready, folder=given.folder)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return Demo(settings, console).run()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the stand-in may still be busy; they have nothing to clean up.
    os._exit(status)
