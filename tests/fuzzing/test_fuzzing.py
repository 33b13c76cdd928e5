"""Inputs of any bytes, in a fixed number: bred by atheris for the lines that they reach, else made by chance.

`FUZZ=1000000` makes so many of each; `make soak` does. docs/reliability.md has the figures.
"""

import importlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from random_inputs import random_inputs

from exporter.native import build
from exporter.native.library import Library

FOLDER = Path(__file__).parent
SHORT = {"guard": 1000, "frames": 10_000, "reader": 500, "lists": 2000}
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


def hold_by_chance(chosen: Any, rounds: int) -> None:
    for data in random_inputs(chosen.seeds(), rounds):
        chosen.hold(data)


@pytest.mark.parametrize("name", ROUNDS)
def test_no_input_breaks_the_promise_of_a_target(name):
    """Any bytes are refused, or make what each target's `hold` says; no other error, no crash, no byte too far."""
    if find_spec("atheris") is None:
        hold_by_chance(target(name), ROUNDS[name])
        return
    done = bred(name, ROUNDS[name])
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {ROUNDS[name]} in" in done.stderr


@pytest.mark.parametrize("name", ROUNDS)
def test_inputs_made_by_chance_keep_it_as_well(name):
    """Systems without atheris run these alone."""
    hold_by_chance(target(name), BY_CHANCE)


def test_what_inputs_begin_with_is_read_and_not_refused():
    """A target that refuses everything would keep any promise."""
    reader, lists = target("reader"), target("lists")
    assert [bool(lists.outcome(seed, None).refused) for seed in lists.seeds()] == [False] * 7 + [True]
    assert [len(frames) for frames in map(target("frames").frames_from, target("frames").seeds())] == [1, 1, 3]
    assert not any("refused" in reader.outcome(seed) for seed in reader.seeds())
    assert all("c_t" in reader.outcome(seed) for seed in reader.seeds())


FAULTS = {
    "a name twice counts twice": ("if (is_among(name, names, count++)) return 0;", "count++;"),
    "escapes of a name stay": ("!take_text(c, name) || name->escaped ||", "!take_text(c, name) ||"),
    "elements have all attributes": ("number > 1 ? &p->others : &p->first", "&p->first"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_taking_apart_of_lists_is_found(fault, monkeypatch, tmp_path):
    """Inputs made by chance alone show each of these, put into a copy of the compiled reader."""
    copied = shutil.copytree(build.FOLDER, tmp_path / "native", ignore=shutil.ignore_patterns("*.so", "*.py"))
    text, instead = FAULTS[fault]
    source = (copied / "elements.c").read_text(encoding="utf-8")
    assert source.count(text) == 1, "elements.c has changed; this fault needs another form"
    (copied / "elements.c").write_text(source.replace(text, instead), encoding="utf-8")
    monkeypatch.setattr(build, "FOLDER", copied)
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-O0"))
    build.build(build.compiler(), tmp_path / "reader.so")
    lists = target("lists")
    monkeypatch.setattr(lists, "compiled", Library(str(tmp_path / "reader.so")))
    with pytest.raises(AssertionError, match="compiled: "):
        hold_by_chance(lists, BY_CHANCE)


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
