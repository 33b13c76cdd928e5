"""The comparison of generated items notices a wrong decoder: each of these faults, put into a copy, makes it fail."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEST = Path(__file__).with_name("test_truth_many.py")

MUTANTS = {
    "escapes stay as they were sent": (
        "native/page.c",
        "found->escaped = (uint8_t)escaped;",
        "found->escaped = 0;",
    ),
    "the end of a text is not copied": (
        "native/page.c",
        "    if (length > 2 * WORD) memcpy(out + 2 * WORD, at + 2 * WORD, SHORT - 2 * WORD);\n",
        "",
    ),
    "the point of a number does not count": ("native/numbers.h", "            exponent--;\n", ""),
    "a double takes more digits than it can hold": (
        "native/numbers.h",
        "|| found.significant > 15",
        "|| found.significant > 18",
    ),
    "truths are at the wrong rows": ("native/page.c", "found->truth << row % 8", "found->truth << row % 7"),
    "a null is an empty text": (
        "native/page.c",
        "uint8_t present = kind != ABSENT && kind != nothing;",
        "uint8_t present = 1 | (kind == nothing);",
    ),
    "a document's nulls are true": ("native/documents.h", 'put(out, "null", 4)', 'put(out, "true", 4)'),
    "pairs of escapes become another character": ("native/json.h", "return 0x10000 +", "return 0x1000 +"),
    "false is null": (
        "decoding/columns.py",
        "None if value is None else value.BOOL for",
        "None if value is None else value.BOOL or None for",
    ),
    "numbers in documents are doubles": (
        "values/attribute_values.py",
        "msgspec.Raw(json_number(text).encode())",
        "float(text)",
    ),
    "offsets of a time do not count": (
        "values/dates.py",
        "naive.replace(tzinfo=zone).astimezone(dt.UTC)",
        "naive.replace(tzinfo=dt.UTC)",
    ),
    "late attributes are null": (
        "targets/day_file.py",
        "        return typed.values\n",
        "        return pa.nulls(len(typed.values), typed.values.type)\n",
    ),
    "pages after the first are left out": (
        "sources/index.py",
        "            if not page.last_evaluated_key:\n                return\n",
        "            return\n",
    ),
    "a page's last day is left out": (
        "targets/spool.py",
        "    for day in sorted(set(days)):",
        "    for day in sorted(set(days))[:-1]:",
    ),
}


TRIALS = """
import json, os, sys, boto3, hypothesis, moto.backends, pandas, pyarrow.parquet, pytest, local.server

for name in ("dynamodb", "glue", "s3"):
    moto.backends.get_backend(name)
assert "exporter" not in sys.modules
for line in sys.stdin:
    folder, test = json.loads(line)
    trial = os.fork()
    if not trial:
        said = os.open(os.path.join(folder, "said"), os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.path.insert(0, folder)
        from exporter.native import build
        assert build.__file__.startswith(folder)
        build.FLAGS = (*build.FLAGS, "-O0")  # the same answers, from a compiler that is done at once
        assert build.main() == 0
        status = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "pytest_timeout", test])
        sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]), flush=True)
"""
"""Tries each copy of the exporter in a fork of its own, which has everything loaded except the exporter."""


@pytest.fixture(scope="module")
def trials() -> Iterator[subprocess.Popen[str]]:
    """A process that tries the copies in folders, a line each, and answers with the status of each."""
    given = {"TRUTH_ITEMS": "3000", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    started = subprocess.Popen(
        [sys.executable, "-c", TRIALS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | given, start_new_session=True,
    )  # fmt: skip
    with started:
        yield started
        os.killpg(started.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, *MUTANTS])
def test_a_fault_in_the_decoder_is_noticed(fault: str | None, trials: subprocess.Popen[str], tmp_path: Path):
    """As it is the comparison passes; with any of these faults it does not."""
    name, text, instead = MUTANTS[fault] if fault else ("", "", "")
    # The built reader is named after its source: without it here, each copy builds its own. What Python has compiled
    # is good for every file but the changed one.
    left_out = shutil.ignore_patterns("_scan*.so", f"{Path(name).stem}.*.pyc")
    shutil.copytree(ROOT / "exporter", tmp_path / "exporter", ignore=left_out)
    if fault:
        file = tmp_path / "exporter" / name
        before = file.read_text(encoding="utf-8")
        assert before.count(text) == 1, f"{name} has changed; this fault needs another form"
        file.write_text(before.replace(text, instead), encoding="utf-8")
    assert trials.stdin
    assert trials.stdout
    trials.stdin.write(json.dumps([str(tmp_path), str(TEST)]) + "\n")
    trials.stdin.flush()
    status, said = trials.stdout.readline(), (tmp_path / "said").read_text(encoding="utf-8")
    assert status == ("1\n" if fault else "0\n"), said[-4000:]
    assert fault is None or "1 failed" in said
