"""What a program costs: CPU seconds, peak memory and wall time of one child process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """One run of one program."""

    cpu_seconds: float
    """User and system time of the process and of those that it waited for."""
    peak_bytes: int
    wall_seconds: float
    report: dict[str, Any]
    """The JSON object on the last line that it printed."""


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Cost:
    """Run a program to its end; raise RuntimeError where it fails.

    A child's peak begins at what its parent held when it was forked, so this process must stay small.
    """
    began = time.monotonic()
    child = subprocess.Popen(
        list(command), cwd=folder, env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # Neither stream can fill up a pipe before the other is read: programs print a line, and log little.
    out, shown = child.stdout, child.stderr
    assert out is not None
    assert shown is not None
    printed, logged = out.read(), shown.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    out.close()
    shown.close()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{logged[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * unit,
        wall_seconds=time.monotonic() - began,
        report=json.loads(printed.strip().splitlines()[-1]),
    )
