"""Path of the compiled library: next to its sources, with their hash in its name."""

import os
import sys
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
STEM = f"_scan-{sys.platform}-{os.uname().machine}-"


def library_path() -> Path:
    """Return where the library for these sources and this machine is, built or not."""
    digest = sha256()
    for source in sorted([*FOLDER.glob("*.c"), *FOLDER.glob("*.h")]):
        digest.update(source.read_bytes())
    return FOLDER / f"{STEM}{digest.hexdigest()[:12]}.so"
