"""What an installed wheel owns, and what it leaves alone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if not name.startswith(("tests/", "docs/", "benchmarks/")) and (repository / name).is_file():
            target = folder / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((repository / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(folder / "source")], check=True, stdin=subprocess.DEVNULL)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_owns_no_folder_of_a_package_that_others_publish(wheel: Path) -> None:
    """`datasets` is the name of a well-known package; a wheel that had files there would overwrite them."""
    with zipfile.ZipFile(wheel) as archive:
        owned = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" not in name}
    assert owned == {"dataset_model", "sdk_session", "exporter", "dashboard", "local", "infra"}


def test_installing_leaves_a_neighbour_unchanged_and_brings_the_shipped_datasets(wheel: Path, tmp_path: Path) -> None:
    """A package that owns `datasets/` keeps its files, and `DATASET=contacts` is read from the wheel's own folder."""
    neighbour = tmp_path / "site" / "datasets"
    neighbour.mkdir(parents=True)
    (neighbour / "__init__.py").write_text("OWNER = 'another'\n")
    (neighbour / "contacts.yaml").write_text("not: ours\n")
    before = {path.name: path.read_bytes() for path in neighbour.iterdir()}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, str(tmp_path / "site"), str(wheel)], check=True, stdin=subprocess.DEVNULL)
    assert {path.name: path.read_bytes() for path in neighbour.iterdir()} == before
    checked = subprocess.run(
        [sys.executable, "-m", "dataset_model", "check", "contacts"],
        cwd=tmp_path / "site", check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.stdout == "contacts: dataset contacts, 31 declared columns\n"
