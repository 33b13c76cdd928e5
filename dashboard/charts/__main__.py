"""Makes what the browser draws charts with: `python -m dashboard.charts [FOLDER]`."""

import sys
from pathlib import Path

from dashboard.charts.build import FOLDER, make

if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
