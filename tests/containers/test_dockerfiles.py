"""Rules that the Dockerfiles keep, read from their text; what the images really do is in test_images.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ["Dockerfile.exporter", "Dockerfile.dashboard", "Dockerfile.local"]


def instructions(path: Path) -> list[tuple[str, str]]:
    """Every instruction and its text, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", " ", text)
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", NAMES)
def test_hadolint_finds_nothing(repository: Path, name: str) -> None:
    """The Dockerfile linter has no complaint; what is ignored says so next to its line."""
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, "--no-color", repository / name], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_base_is_one_exact_version_by_argument(repository: Path, name: str) -> None:
    """Every stage starts from the build argument; its default names a patch release and a Debian release."""
    found = instructions(repository / name)
    assert found[0][0] == "ARG"
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.11\.\d+-slim-[a-z]+", found[0][1])
    assert [text for word, text in found if word == "FROM"] == ["${PYTHON_IMAGE} AS packages", "${PYTHON_IMAGE}"]


def test_all_images_have_the_same_base(repository: Path) -> None:
    """The three Dockerfiles move to another base together."""
    assert len({instructions(repository / name)[0] for name in NAMES}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_last_stage_is_not_root_and_installs_nothing(repository: Path, name: str) -> None:
    """The image runs as a number other than 0, and its last stage runs no command: no cache, no compiler, no pip."""
    found = instructions(repository / name)
    last = found[max(at for at, (word, _) in enumerate(found) if word == "FROM") :]
    assert [text for word, text in last if word == "USER"] == ["10001:10001"]
    assert [text for word, text in last if word in {"RUN", "ADD"}] == []
    assert [text for word, text in last if word == "COPY"] == ["--from=packages /opt /opt"]
    assert len([text for word, text in last if word == "HEALTHCHECK" and " CMD [" in f" {text}"]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_packages_are_checked_against_hashes(repository: Path, name: str) -> None:
    """Packages come from the image's own lock file, as wheels, and a file that the lock does not name is refused."""
    image = name.partition(".")[2]
    installs = [text for word, text in instructions(repository / name) if word == "RUN" and "pip install" in text]
    assert len(installs) == 1
    assert f"--require-hashes --only-binary :all: -r /build/requirements-{image}.lock" in installs[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_and_no_address(repository: Path, name: str) -> None:
    """No argument, variable or line holds a credential or says where packages come from."""
    text = (repository / name).read_text()
    assert re.findall(r"(?i)\b(?:AWS_|\w*(?:secret_|token|passw|api_key))\w*\s*=", text) == []
    assert set(re.findall(r"\w+://[^\s'\"/]+", text)) <= {"http://127.0.0.1:8501", "http://127.0.0.1:4566"}


@pytest.mark.parametrize("name", NAMES)
def test_labels_tell_what_the_image_is(repository: Path, name: str) -> None:
    """The labels of the Open Container Initiative name title, description, licence, version and revision."""
    labels = " ".join(text for word, text in instructions(repository / name) if word == "LABEL")
    shown = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", labels))
    assert shown == {"title", "description", "licenses", "version", "revision"}


def test_context_holds_only_what_is_copied(repository: Path) -> None:
    """The build sees only what is let in by name, so a stray file of secrets cannot get into an image."""
    lines = [
        line for line in (repository / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    assert "**/*.so" in lines, "what was compiled on the builder's machine is for that machine"
    let_in = [line[1:] for line in lines if line.startswith("!")]
    for name in NAMES:
        for word, text in instructions(repository / name):
            if word == "COPY" and not text.startswith("--from"):
                source = next(part for part in text.split() if not part.startswith("--"))
                assert any(Path(source).match(one) for one in let_in), source


@pytest.mark.parametrize("name", ["dashboard.sh", "exporter.sh", "images.sh", "lock.sh", "strip.sh"])
def test_scripts_are_posix_shell(repository: Path, name: str) -> None:
    """The scripts run under any POSIX shell and stop at the first failure."""
    path = repository / "containers" / name
    assert path.read_text().startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in path.read_text()
    subprocess.run(["sh", "-n", path], check=True)
