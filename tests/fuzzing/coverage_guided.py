"""Inputs bred for the lines that they reach: of the guard, of the frame parser, of the compiled reader and its callers.

`coverage_guided.py NAME -atheris_runs=N` needs atheris; the names are those of TARGETS. An input that breaks a promise
ends it with a traceback and the bytes.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris
from counted_library import counted_library

TARGETS = {
    "guard": ["dashboard.sql"],
    "frames": ["dashboard.http_stream.frames"],
    "reader": ["exporter.decoding", "exporter.changes", "exporter.sources.table_export.lines"],
    "lists": ["exporter.decoding.nested"],
}
"""Name -> the modules that count their lines."""


def main() -> None:
    """Fuzz a target from its seeds on."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=TARGETS.get(name, [f"{name}_inputs"])):
        target: Any = importlib.import_module(f"{name}_inputs")

    def hold(data: bytes) -> None:
        try:
            target.hold(data)
        except BaseException:
            sys.stderr.write(f"the input: {data!r}\n")
            raise

    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(target.seeds()):
            Path(seeds, str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, "-max_len=2000", f"-artifact_prefix={made}/", seeds], hold)
        if name in ("reader", "lists"):
            [fuzzer] = Path(atheris.__file__).parent.glob("core_with_libfuzzer.*")
            target.compiled = counted_library(Path(made), fuzzer) or target.compiled
        atheris.Fuzz()


if __name__ == "__main__":
    main()
