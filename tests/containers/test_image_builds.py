"""`make images` with an engine that only notes what it is asked for."""

import os
import subprocess
from pathlib import Path

DIGEST = "python@sha256:" + "0a" * 32


def builds(repository: Path, folder: Path, digest: str) -> list[str]:
    """Return the bases of the images, in the order in which they are built, with an engine that knows one digest."""
    engine, calls = folder / "docker", folder / "calls"
    engine.write_text(f"""#!/bin/sh
echo "$*" >>{calls}
case "$1 $2" in "image inspect") echo "{digest}" ;; esac
""")
    engine.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "ENGINE": "docker", "CHECK": "no"}
    subprocess.run(["sh", "containers/images.sh"], cwd=repository, env=environment, check=True, capture_output=True)
    words = [line.split() for line in calls.read_text().splitlines()]
    assert words[0][:2] == ["pull", "--quiet"]
    return [word.partition("=")[2] for line in words for word in line if word.startswith("PYTHON_IMAGE=")]


def test_every_image_is_built_on_the_digest_of_the_base(repository: Path, tmp_path: Path) -> None:
    """The tag is resolved once, so that three images have one base although the tag may move."""
    assert builds(repository, tmp_path, DIGEST) == [DIGEST] * 3


def test_a_base_of_this_machine_alone_keeps_its_name(repository: Path, tmp_path: Path) -> None:
    """It has no digest of a registry."""
    [name] = set(builds(repository, tmp_path, ""))
    assert name.startswith("python:3.11.")
