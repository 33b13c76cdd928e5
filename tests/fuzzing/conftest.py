"""The targets, and the exporter's tests that they share memory with."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "exporter")]
