"""The comparison of generated items notices a wrong decoder: each of these faults, put into a copy, makes it fail."""

import os
import shutil
import subprocess
import sys
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


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, *MUTANTS])
def test_a_fault_in_the_decoder_is_noticed(fault, tmp_path):
    """As it is the comparison passes; with any of these faults it does not."""
    # The built reader is named after its source: it is built again where the fault is in the source.
    shutil.copytree(ROOT / "exporter", tmp_path / "exporter", ignore=shutil.ignore_patterns("__pycache__"))
    if fault:
        name, text, instead = MUTANTS[fault]
        file = tmp_path / "exporter" / name
        before = file.read_text(encoding="utf-8")
        assert before.count(text) == 1, f"{name} has changed; this fault needs another form"
        file.write_text(before.replace(text, instead), encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import exporter;"
        f"assert {str(tmp_path)!r} in exporter.__path__[0];"
        "from exporter.native import build; assert build.main() == 0; import pytest;"
        f"sys.exit(pytest.main(['-q', '-x', '-p', 'no:cacheprovider', '-p', 'pytest_timeout', {str(TEST)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"TRUTH_ITEMS": "3000", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert done.returncode == (1 if fault else 0), done.stdout[-3000:] + done.stderr[-1000:]
    assert fault is None or "1 failed" in done.stdout
