"""`make setup` on machines that lack something: a clear message, a next step, and a set-up that can be repaired.

The machine's Python is played by a small script, so that each lack can be had at will.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TOOLS = (
    "sh",
    "dirname",
    "uname",
    "grep",
    "sed",
    "tail",
    "cut",
    "cat",
    "cksum",
    "mkdir",
    "rm",
    "mv",
    "sleep",
    "id",
    "chmod",
)

PYTHON = """\
#!/bin/sh
# Answers what set-up asks of a Python, and notes what it was asked to install.
case "$1 $2" in
    "-c import sys"*) echo "${FAKE_VERSION:-3.12.4}" ;;
    "-c import ensurepip"*) [ -z "${FAKE_NO_VENV:-}" ] ;;
    "-m venv") mkdir -p .venv/bin && cat "$0" >.venv/bin/python && chmod +x .venv/bin/python ;;
    "-m exporter.native.build") [ -n "${PYTHONPATH:-}" ] || exit "${FAKE_BUILD:-0}" ;;
    "-m dashboard.charts") exit "${FAKE_CHARTS:-0}" ;;
    "-m pip")
        case "$*" in
            *--version*) ;;
            *)  echo "$*" >>installed
                if [ -n "${FAKE_SLOW:-}" ]; then sleep 20; fi
                if [ -n "${FAKE_ERROR:-}" ]; then echo "$FAKE_ERROR"; exit 1; fi ;;
        esac ;;
esac
"""


class Clone:
    """A clone in a folder with a space, and a PATH with nothing on it but standard tools and the Pythons asked for."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder / "my clone"
        self.tools = folder / "bin"
        (self.folder / "local").mkdir(parents=True)
        self.tools.mkdir()
        for name in ("local/setup.sh", "requirements.lock", "pyproject.toml"):
            shutil.copy(repository / name, self.folder / name)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.tools / tool).symlink_to(found)

    def has_python(self, name: str) -> None:
        path = self.tools / name
        path.write_text(PYTHON)
        path.chmod(0o755)

    def start(self, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", str(self.folder / "local" / "setup.sh")],
            env={"PATH": str(self.tools), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def set_up(self, **environment: str) -> tuple[int, str]:
        """Run set-up; return its status and everything it said."""
        process = self.start(**environment)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    @property
    def installations(self) -> list[str]:
        """What pip was asked to install, by both calls of each set-up."""
        file = self.folder / "installed"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def clone(tmp_path: Path, repository: Path) -> Clone:
    """A fresh clone on a machine without any Python."""
    return Clone(tmp_path, repository)


def test_first_and_second_time(clone: Clone) -> None:
    """The first set-up installs the locked packages by their hashes, then the project; the second does nothing."""
    clone.has_python("python3.12")
    status, output = clone.set_up()
    assert (status, output.splitlines()[-1]) == (0, "set-up done")
    locked, project = clone.installations
    assert "--require-hashes" in locked
    assert "-r requirements.lock" in locked
    assert project.endswith("--editable .")
    assert "--no-deps --no-build-isolation" in project
    assert clone.set_up() == (0, "")
    assert len(clone.installations) == 2


def test_a_machine_without_a_compiler_gets_one(clone: Clone) -> None:
    """The compiled reader is built by what the machine has, else by a compiler that its own lock file names."""
    clone.has_python("python3.12")
    status, output = clone.set_up(FAKE_BUILD="3")
    assert (status, output.splitlines()[-1]) == (0, "set-up done")
    assert "no C compiler here; fetching one" in output
    assert "could not be built" not in output
    compiler = clone.installations[-1]
    assert "--require-hashes --only-binary :all:" in compiler
    assert "--target .venv/compiler -r requirements-compiler.lock" in compiler


def test_a_compiler_that_fails_stops_nothing(clone: Clone) -> None:
    """Without the compiled reader everything works, slower; the set-up says so and goes on."""
    clone.has_python("python3.12")
    status, output = clone.set_up(FAKE_BUILD="1")
    assert (status, output.splitlines()[-1]) == (0, "set-up done")
    assert "the compiled reader could not be built, so exports take longer" in output


def test_charts_that_are_not_made_stop_nothing(clone: Clone) -> None:
    """The dashboard makes their scripts when they are asked for; the set-up says so and goes on."""
    clone.has_python("python3.12")
    status, output = clone.set_up(FAKE_CHARTS="1")
    assert (status, output.splitlines()[-1]) == (0, "set-up done")
    assert "the scripts of the charts could not be made" in output


def test_change_of_the_lock_is_noticed(clone: Clone) -> None:
    """After a pull that changes dependencies, the next verb installs them without being asked."""
    clone.has_python("python3.12")
    clone.set_up()
    with (clone.folder / "requirements.lock").open("a") as lock:
        lock.write("# more\n")
    assert clone.set_up()[0] == 0
    assert len(clone.installations) == 4


def test_moved_clone_is_noticed(clone: Clone) -> None:
    """An environment holds absolute paths, so a clone that was moved is installed again."""
    clone.has_python("python3.12")
    clone.set_up()
    clone.folder = clone.folder.rename(clone.folder.with_name("moved"))
    assert clone.set_up()[0] == 0
    assert len(clone.installations) == 4


def test_newest_python_is_taken(clone: Clone) -> None:
    """Of several Pythons the newest is taken, unless $PYTHON names one."""
    for name in ("python3", "python3.11", "python3.13"):
        clone.has_python(name)
    (clone.tools / "python3.13").write_text(PYTHON.replace("3.12.4", "3.13.1"))
    assert "making .venv with Python 3.13.1" in clone.set_up()[1]
    assert "making .venv with Python 3.12.4" in clone.set_up(PYTHON="python3.11")[1]


def test_no_python(clone: Clone) -> None:
    """Without any Python: what was looked for and how to install it."""
    status, output = clone.set_up()
    assert status == 1
    assert "Python 3.11 or newer is needed" in output
    assert "Found: no python3 on the PATH" in output
    assert "install" in output
    assert not (clone.folder / ".venv").exists()


def test_old_python(clone: Clone) -> None:
    """A Python that is too old is named with its version."""
    clone.has_python("python3")
    status, output = clone.set_up(FAKE_VERSION="3.9.18")
    assert status == 1
    assert "Found: python3 is 3.9.18;" in output


def test_named_python_that_is_none(clone: Clone) -> None:
    """A $PYTHON that is not there is a fault of its own, not a reason to take another one."""
    clone.has_python("python3")
    status, output = clone.set_up(PYTHON="python9")
    assert (status, output) == (1, "\nset-up stopped: $PYTHON is python9, which is not a program\n")


def test_no_venv_module(clone: Clone) -> None:
    """Debian ships venv apart: the message names the package."""
    clone.has_python("python3")
    status, output = clone.set_up(FAKE_NO_VENV="1")
    assert status == 1
    assert "sudo apt-get install -y python3-venv (or python3.12-venv)" in output


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("ERROR: Failed to establish a new connection: Name resolution failed", "the packages could not be downloaded"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that requirements.lock names"),
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: SSLError: certificate verify failed", "a certificate that is not trusted here"),
        ("ERROR: No matching distribution found for x==1", "a package has no build for Python 3.12.4"),
        ("ERROR: something new", "the packages could not be installed"),
    ],
)
def test_pip_fails(clone: Clone, said: str, shown: str) -> None:
    """A long message of pip is reported in a line, with what to do; the next run goes on."""
    clone.has_python("python3.12")
    status, output = clone.set_up(FAKE_ERROR=said)
    assert status == 1
    assert f"set-up stopped: {shown}" in output or shown in output
    assert said in output
    assert clone.set_up()[0] == 0


@pytest.fixture
def heard() -> Iterator[None]:
    """Where these tests run in the background of a shell, Ctrl-C is ignored, and so it would be by what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_interrupted(clone: Clone) -> None:
    """Ctrl-C stops pip as well and says that nothing is lost; the next run finishes the job."""
    clone.has_python("python3.12")
    process = clone.start(FAKE_SLOW="1")
    wait_for(lambda: bool(clone.installations))
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "the next `make setup` goes on from here" in output
    assert clone.set_up()[0] == 0


def test_killed_while_making_the_environment(clone: Clone) -> None:
    """An environment that was cut short, so that its Python does not run, is replaced."""
    clone.has_python("python3.12")
    (clone.folder / ".venv" / "bin").mkdir(parents=True)
    (clone.folder / ".venv" / "bin" / "python").write_text("")
    assert clone.set_up()[1].splitlines()[-1] == "set-up done"


def test_folder_that_cannot_be_written(clone: Clone) -> None:
    """A place where .venv cannot be made is reported by its path."""
    clone.has_python("python3.12")
    (clone.folder / ".venv").write_text("a file in the way")
    status, output = clone.set_up()
    assert status == 1
    assert f"this folder cannot be written: {clone.folder.resolve()}" in output


def wait_for(condition: Callable[[], bool], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_long_installation_shows_how_far_it_is_off_a_terminal(clone: Clone) -> None:
    """In a log of a build, lines say that packages are being fetched, and no line is overwritten."""
    clone.has_python("python3.12")
    process = clone.start(FAKE_SLOW="1", SETUP_LINE_SECONDS="1")
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    shown = next(line for line in lines if "packages fetched" in line)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    total = sum(line[:1].isalnum() for line in (clone.folder / "requirements.lock").read_text().splitlines())
    assert shown == f"  0 of {total} packages fetched\n"
