"""From source to an image in ECR, named by its digest. Builds with docker, podman or buildah."""

import base64
import datetime as dt
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from infra.errors import ImageFault

Program = Literal["exporter", "dashboard"]

ROOT = Path(__file__).parents[2]


class Engine(Protocol):
    """Builds and pushes images."""

    def push(self, program: Program, image: str, *, platform: str, password: str) -> None:
        """Build a program's image, call it `image` and push it; raise ImageFault."""


class CommandEngine:
    """An engine that is a command: docker, podman or buildah."""

    def __init__(self, command: str, root: Path = ROOT) -> None:
        self._command = command
        self._root = root

    def push(self, program: Program, image: str, *, platform: str, password: str) -> None:
        """Build, sign in and push. Lambda refuses an index of images, so there is one platform and no provenance."""
        alone = ["--provenance=false", "--sbom=false"] if self._command == "docker" else ["--format", "docker"]
        labels = [f"--build-arg=VERSION={_version(self._root)}", f"--build-arg=REVISION={_revision(self._root)}"]
        file = f"Dockerfile.{program}"
        self._run(["build", "--platform", platform, *alone, *labels, "--file", file, "--tag", image, "."])
        # The password goes through standard input, because a command line can be read by everybody on the machine.
        self._run(["login", "--username", "AWS", "--password-stdin", image.partition("/")[0]], password)
        self._run(["push", image])

    def _run(self, arguments: Sequence[str], text: str | None = None) -> None:
        done = subprocess.run(  # noqa: S603 - a fixed command with arguments of our own
            [self._command, *arguments], cwd=self._root, input=text, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-15:])
            raise ImageFault(f"{self._command} {arguments[0]} failed ({done.returncode}):\n{last}")


def find_engine() -> Engine:
    """Return the first engine on this machine; raise ImageFault where there is none."""
    for command in ("docker", "podman", "buildah"):
        if shutil.which(command) and (command != "docker" or _daemon_answers()):
            return CommandEngine(command)
    raise ImageFault(
        "neither docker with a daemon that runs nor podman nor buildah is here to build the images. Install one, or "
        "build them elsewhere and name them: --exporter-image and --dashboard-image."
    )


def _daemon_answers() -> bool:
    # Where docker's client alone is installed, it builds nothing.
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0  # noqa: S607 - by PATH


def version_of_source(root: Path = ROOT, now: dt.datetime | None = None) -> str:
    """Return a tag for the images: the commit, and the time as well where there are changes that no commit has."""
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        commit, changed = "source", "unknown"
    moment = now or dt.datetime.now(dt.UTC)
    return f"{commit}-{moment:%Y%m%d%H%M%S}" if changed else commit


def _version(root: Path) -> str:
    try:
        return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def _revision(root: Path) -> str:
    try:
        return _git(root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def pushed_image(ecr: Any, engine: Engine, program: Program, repository: str, version: str, architecture: str) -> str:
    """Return `repository@sha256:...` of a version, built and pushed unless it is there already."""
    name = repository.partition("/")[2]
    # A version has an image for each architecture, and a tag in ECR stays what it is.
    tag = f"{version}-{architecture.lower()}"
    digest = _digest(ecr, name, tag)
    if digest is None:
        engine.push(program, f"{repository}:{tag}", platform=_PLATFORMS[architecture], password=_password(ecr))
        digest = _digest(ecr, name, tag)
    if digest is None:
        raise ImageFault(f"{repository}:{tag} was pushed, but ECR does not know it")
    return f"{repository}@{digest}"


IN_USE = "in-use."
"""Begins the tags of deployed images. The registry's life-cycle rule never expires an image with such a tag."""


def mark_in_use(ecr: Any, image: str, installation: str) -> None:
    """Give a deployed image of this account's registry the tag `in-use.<installation>.<digest>`.

    `image` is `host/repository@sha256:...`; another form (an image built elsewhere, named by tag) is left alone.
    """
    repository, digest = _parts(image)
    if not digest:
        return
    tag = _in_use_tag(installation, digest)
    try:
        found = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"]
        if found:
            ecr.put_image(
                repositoryName=repository, imageManifest=found[0]["imageManifest"], imageTag=tag, imageDigest=digest
            )
    except (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.RepositoryNotFoundException):
        return


def unmark_others(ecr: Any, image: str, installation: str) -> None:
    """Remove this installation's `in-use` tags from the other images of the repository."""
    repository, digest = _parts(image)
    if not digest:
        return
    try:
        pages = ecr.get_paginator("list_images").paginate(repositoryName=repository, filter={"tagStatus": "TAGGED"})
        tags: set[str] = {one["imageTag"] for page in pages for one in page["imageIds"]}
    except ecr.exceptions.RepositoryNotFoundException:
        return
    stale = [
        tag for tag in sorted(tags - {_in_use_tag(installation, digest)}) if tag.startswith(f"{IN_USE}{installation}.")
    ]
    if stale:
        ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag} for tag in stale])


def _in_use_tag(installation: str, digest: str) -> str:
    return f"{IN_USE}{installation}.{digest.removeprefix('sha256:')[:12]}"


def _parts(image: str) -> tuple[str, str]:
    name, _, digest = image.partition("@")
    return name.partition("/")[2], digest


_PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}


def _digest(ecr: Any, name: str, tag: str) -> str | None:
    try:
        found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:
        return None
    return str(found[0]["imageDigest"])


def _password(ecr: Any) -> str:
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - fixed arguments
    return done.stdout.strip()
