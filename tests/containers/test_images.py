"""What the built images do when they run, read-only and without privileges. Part of `make images`."""

import contextlib
import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from runtime_api import RuntimeApi

TAG = os.environ.get("IMAGE_TAG", "dev")
LIMITS_MB = {"exporter": 400, "dashboard": 700, "local": 700}
HARDENED = [
    *("--network", "host", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"),  # noqa: S108 - in the container
    *("--security-opt", "no-new-privileges", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"),
]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Engine:
    """Docker or podman, and the images that were built with it."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def call(self, *arguments: str, status: int = 0) -> str:
        """Run the tool and return what it printed; complain with its errors where it ends differently."""
        done = subprocess.run([*self._command, *arguments], check=False, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def run(self, image: str, *arguments: str, environment: dict[str, str] | None = None, status: int = 0) -> str:
        """Run an image to its end without anything that it should not need."""
        options = [part for name, value in (environment or {}).items() for part in ("--env", f"{name}={value}")]
        return self.call("run", "--rm", *HARDENED, *options, *image_with_options(image, arguments), status=status)

    @contextlib.contextmanager
    def running(
        self, image: str, *arguments: str, environment: dict[str, str], ends_itself: bool = True
    ) -> Iterator[str]:
        """Start an image in the background, give its name, and stop it: it must end by itself, within half a minute."""
        name = f"test-{image}-{os.getpid()}"
        options = [part for variable, value in environment.items() for part in ("--env", f"{variable}={value}")]
        self.call("run", "--detach", "--name", name, *HARDENED, *options, *image_with_options(image, arguments))
        try:
            yield name
            if ends_itself:
                self.call("stop", "--time", "30", name)
                status = self.call("inspect", "--format", "{{.State.ExitCode}}", name).strip()
                assert status != "137", "had to be killed"
        finally:
            self.call("rm", "--force", name)

    def inspect(self, image: str) -> dict[str, Any]:
        """What the tool knows of an image."""
        found = json.loads(self.call("image", "inspect", f"dynamodb-reporting/{image}:{TAG}"))
        assert isinstance(found[0], dict)
        return found[0]


def image_with_options(image: str, arguments: tuple[str, ...]) -> list[str]:
    """The end of a `run` line; arguments before `--` belong to the tool."""
    at = arguments.index("--") if "--" in arguments else 0
    return [*arguments[:at], f"dynamodb-reporting/{image}:{TAG}", *arguments[at + 1 if at else 0 :]]


@pytest.fixture(scope="module")
def engine(containers: list[str]) -> Engine:
    return Engine(containers)


def answer(url: str, seconds: float) -> str:
    """The body at an address, as soon as it answers 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return str(response.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def health_check(engine: Engine, image: str) -> list[str]:
    """The command of an image's own health check; docker and podman keep it in different places."""
    found = engine.inspect(image)
    test = (found.get("HealthCheck") or found.get("Healthcheck") or found["Config"]["Healthcheck"])["Test"]
    assert test[0] == "CMD"
    return [str(part) for part in test[1:]]


@pytest.mark.parametrize("image", LIMITS_MB)
def test_size_stays_below_its_limit(engine: Engine, image: str) -> None:
    """Unpacked, an image is at most as large as a task or a function should have to fetch."""
    size = engine.inspect(image)["Size"] / 1e6
    print(f"{image}: {size:.0f} MB")  # noqa: T201 - a figure to read
    assert size <= LIMITS_MB[image]


@pytest.mark.parametrize("image", LIMITS_MB)
def test_nothing_runs_as_root_or_can_be_changed(engine: Engine, image: str) -> None:
    """An image's user is a number other than 0, the root file system refuses writes, and only /tmp takes them."""
    script = "id -u; id -g; touch /opt/app/x 2>/dev/null || echo refused; touch /tmp/x && echo taken"
    assert engine.run(image, "--entrypoint", "sh", "--", "-c", script).split() == ["10001", "10001", "refused", "taken"]


@pytest.mark.parametrize("image", LIMITS_MB)
def test_no_tool_to_build_or_install_is_left(engine: Engine, image: str) -> None:
    """There is no compiler, no pip in the environment, and no cache of either; every file can be read by any user."""
    script = (
        "command -v gcc cc make git curl; python -m pip --version 2>/dev/null; "
        "ls -A /root/.cache /opt/venv/include 2>/dev/null; "
        "find /opt ! -readable -print; find /opt \\( -name '*.a' -o -name '*.pyx' \\) -print; echo end"
    )
    assert engine.run(image, "--entrypoint", "sh", "--", "-c", script).split() == ["end"]


@pytest.mark.parametrize("image", LIMITS_MB)
def test_health_and_labels_are_in_the_image(engine: Engine, image: str) -> None:
    """The image brings its own health check and says what it is and from which revision."""
    assert health_check(engine, image)
    labels = engine.inspect(image)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"dynamodb-reporting {image}"
    assert re.fullmatch(r"[0-9a-f]{7,40}|unknown", labels["org.opencontainers.image.revision"])


def test_exporter_is_healthy_while_it_can_write(engine: Engine) -> None:
    """The exporter's health check passes with a folder for rows, and fails where there is none."""
    program, *arguments = health_check(engine, "exporter")
    engine.run("exporter", "--entrypoint", program, "--", *arguments)
    engine.run("exporter", "--entrypoint", program, "--env", "TMPDIR=/opt/app", "--", *arguments, status=1)


@pytest.mark.parametrize("image", ["exporter", "dashboard"])
def test_an_empty_volume_at_tmp_can_be_written(engine: Engine, image: str) -> None:
    """As Fargate mounts one below a read-only root: the volume takes the mode of the image's own /tmp."""
    volume = f"test-tmp-{image}-{os.getpid()}"
    hardened = [part for part in HARDENED if part != "--tmpfs" and not part.startswith("/tmp")]  # noqa: S108 - in the container
    script = "touch /tmp/x && id -u && stat -c %a /tmp"
    options = ["--volume", f"{volume}:/tmp", "--entrypoint", "sh", f"dynamodb-reporting/{image}:{TAG}", "-c", script]
    try:
        assert engine.call("run", "--rm", *hardened, *options).split() == ["10001", "1777"]
    finally:
        engine.call("volume", "rm", "--force", volume)


def test_clients_of_every_service_in_use_can_be_made(engine: Engine) -> None:
    """What was stripped is missed by no client: those of the programs, and those of credentials."""
    code = (
        "import boto3, pyarrow.parquet, pyarrow.fs, pyarrow.compute, pyarrow.csv\n"
        "for name in ('athena', 'dynamodb', 'glue', 's3', 'sts', 'sso', 'secretsmanager'):\n"
        "    print(boto3.client(name, region_name='eu-central-1').meta.service_model.service_name)"
    )
    for image in LIMITS_MB:
        shown = engine.run(image, "--entrypoint", "python", "--", "-c", code).split()
        assert shown == ["athena", "dynamodb", "glue", "s3", "sts", "sso", "secretsmanager"]


def test_exporter_exports(engine: Engine, aws: dict[str, str]) -> None:
    """The exporter's image, as a Fargate task runs it, exports the table and prints the run report."""
    report = json.loads(engine.run("exporter", "export", "--all", "--json", environment=aws).splitlines()[-1])
    assert (report["status"], report["rows"] > 0) == ("succeeded", True)


def test_exporter_tells_wrong_settings(engine: Engine) -> None:
    """Without settings the exporter's image ends with status 2, like the program."""
    engine.run("exporter", status=2)


def test_exporter_serves_lambda(engine: Engine, aws: dict[str, str]) -> None:
    """The same image is a Lambda function: through the runtime interface it takes an event and answers the report."""
    with RuntimeApi() as api:
        environment = aws | {"AWS_LAMBDA_RUNTIME_API": api.address}
        # Lambda ends its functions by killing them; AWS's client waits for events and hears nothing else.
        with engine.running("exporter", environment=environment, ends_itself=False):
            kind, report = api.invoke({"all": True}, 180)
            assert (kind, report["status"]) == ("response", "succeeded")


def test_dashboard_serves_what_was_exported(engine: Engine, aws: dict[str, str]) -> None:
    """The dashboard's image answers /healthz, and its figures are those of the export."""
    report = json.loads(engine.run("exporter", "export", "--all", "--json", environment=aws).splitlines()[-1])
    allowed = {"DASHBOARD_ALLOW_UNAUTHENTICATED": "yes-anyone-can-read-everything"}
    with engine.running("dashboard", environment=aws | allowed) as name:
        assert json.loads(answer("http://127.0.0.1:8501/healthz", 120)) == {"status": "ok"}
        assert json.loads(answer("http://127.0.0.1:8501/api/stats", 60))["totalRows"] == report["rows"]
        engine.call("exec", name, *health_check(engine, "dashboard"))


def test_dashboard_stays_closed_without_a_word(engine: Engine, aws: dict[str, str]) -> None:
    """The dashboard's image listens for others: without sign-in or the frightening flag it does not start."""
    engine.run("dashboard", environment=aws, status=2)


def test_local_keeps_its_data(engine: Engine) -> None:
    """The stand-in's image finds in its data folder what it wrote there when it was stopped."""
    volume = f"test-data-{os.getpid()}"
    serve = ("--volume", f"{volume}:/opt/data", "--", "serve", "--port", "4599", "--data-dir", "/opt/data")
    environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4599", "S3_BUCKET": "contact-reports"} | {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    try:
        with engine.running("local", *serve, environment={}):
            engine.run("local", "prepare", "--items", "50", environment=environment)
        with engine.running("local", *serve, environment={}):
            answer("http://127.0.0.1:4599/", 60)
            assert "contact-reports" in answer("http://127.0.0.1:4599/", 60)
    finally:
        engine.call("volume", "rm", "--force", volume)


@pytest.mark.parametrize("image", ["exporter", "local"])
def test_pages_are_read_by_the_compiled_reader(engine: Engine, image: str) -> None:
    """An image brings the library for its own processor, and not the compiler that made it."""
    code = (
        "from importlib.util import find_spec; from exporter.native.library import library;"
        "print(library() is None, find_spec('ziglang'))"
    )
    arguments = ("--entrypoint", "python", "--", "-c", code)
    assert engine.run(image, *arguments).strip() == "False None"
