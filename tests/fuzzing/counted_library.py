"""A build of the compiled reader that counts which of its places are reached, for atheris."""

import ctypes
import subprocess
from pathlib import Path

from exporter.native.build import compiler
from exporter.native.library import Library
from exporter.native.library_path import FOLDER

_COUNTS = Path(__file__).parent / "counted_lines.c"
_REACHED = "-fsanitize-coverage=trace-pc,trace-cmp"


def counted_library(folder: Path, fuzzer: Path) -> Library | None:
    """Build the reader in a folder and register its counters with the fuzzer's library; None where nothing can.

    A compiler that knows no counters says so on stderr, and inputs are bred for the lines of Python alone.
    Comparisons are reported as well, so that the fuzzer learns which bytes they wait for.
    """
    command = compiler()
    if command is None:
        return None
    counts, target = str(folder / "counts.o"), str(folder / "reader.so")
    command += ["-std=c11", "-O1", "-fPIC", "-fvisibility=hidden"]
    try:
        subprocess.run([*command, "-c", str(_COUNTS), "-o", counts], check=True)
        subprocess.run([*command, _REACHED, "-shared", *map(str, FOLDER.glob("*.c")), counts, "-o", target], check=True)
    except subprocess.CalledProcessError:
        return None
    made = Library(target)
    made.functions.counted.argtypes = [ctypes.c_void_p]
    if not made.functions.counted(ctypes.CDLL(str(fuzzer))._handle):
        raise RuntimeError(f"{fuzzer} takes no counters of a library")
    return made
