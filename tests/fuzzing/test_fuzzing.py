"""Inputs of any bytes, in a fixed number: bred by atheris for the lines that they reach, else made by chance.

`FUZZ=1000000` makes so many of each; `make soak` does. docs/reliability.md has the figures.
"""

import importlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from random_inputs import random_inputs

FOLDER = Path(__file__).parent
SHORT = {"guard": 1000, "frames": 10_000, "reader": 500}
ROUNDS = {name: int(os.environ.get("FUZZ", rounds)) for name, rounds in SHORT.items()}
BY_CHANCE = 50
"""Where atheris makes the others: enough to know that these can still be made."""


def bred(name: str, rounds: int, *folders: Path) -> subprocess.CompletedProcess[str]:
    """Run a target with inputs that atheris breeds, in at most 2 GiB.

    A shell starts it: a process begins with the peak of memory of the one that starts it, which may be above that.
    """
    paths = [*folders, FOLDER.parents[1], FOLDER.parent / "exporter"]
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    return subprocess.run(
        [*shell, sys.executable, str(FOLDER / "coverage_guided.py"), name, f"-atheris_runs={rounds}", "-seed=1"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def target(name: str) -> Any:
    return importlib.import_module(f"{name}_inputs")


@pytest.mark.parametrize("name", ROUNDS)
def test_no_input_breaks_the_promise_of_a_target(name):
    """Any bytes are refused, or make what each target's `hold` says; no other error, no crash, no byte too far."""
    if find_spec("atheris") is None:
        for data in random_inputs(target(name).seeds(), ROUNDS[name]):
            target(name).hold(data)
        return
    done = bred(name, ROUNDS[name])
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {ROUNDS[name]} in" in done.stderr


@pytest.mark.parametrize("name", ROUNDS)
def test_inputs_made_by_chance_keep_it_as_well(name):
    """Systems without atheris run these alone."""
    for data in random_inputs(target(name).seeds(), BY_CHANCE):
        target(name).hold(data)


def test_what_inputs_begin_with_is_read_and_not_refused():
    """A target that refuses everything would keep any promise."""
    reader = target("reader")
    assert [len(frames) for frames in map(target("frames").frames_from, target("frames").seeds())] == [1, 1, 3]
    assert not any("refused" in reader.outcome(seed) for seed in reader.seeds())
    assert all("c_t" in reader.outcome(seed) for seed in reader.seeds())


@pytest.mark.skipif(find_spec("atheris") is None, reason="stays: atheris has no wheels elsewhere")
def test_a_fault_behind_conditions_is_found_and_shown(tmp_path):
    """What breaks a promise ends the run with the input: three bytes in a row, that chance finds once in 16 million."""
    (tmp_path / "planted_inputs.py").write_text(
        "def seeds():\n    return [b'xxxx']\n\n"
        "def hold(data):\n"
        "    if data[:1] == b'N':\n        if data[1:2] == b'u':\n            assert data[2:3] != b'l'\n"
    )
    done = bred("planted", 100_000, tmp_path)
    assert done.returncode != 0
    assert "the input: b'Nul" in done.stderr
