"""Compiles the library: `python -m exporter.native.build`.

`make setup` and the images do. It needs a C compiler: `$CC`, `cc`, `gcc` or `clang`, else the one in the Python package
ziglang. The library is named after its sources, so an older one is never loaded for newer sources.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from exporter.native.library_path import FOLDER, STEM, library_path

FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wconversion", "-Wshadow")
NO_COMPILER = 3
"""Exit status where no compiler was found; 1 where one was and failed."""


def compiler() -> list[str] | None:
    """Return the command of a C compiler, or None."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]  # not only for this very processor
    return None


def build(command: list[str], target: Path) -> None:
    """Compile the sources to `target`, which is there whole or not at all; raise CalledProcessError."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".scan-")
    os.close(handle)
    built = Path(name)
    try:
        sources = [str(source) for source in sorted(FOLDER.glob("*.c"))]
        subprocess.run([*command, *FLAGS, *sources, "-o", str(built)], check=True, capture_output=True, text=True)  # noqa: S603 - the compiler is the user's own choice
        built.chmod(0o755)
        built.replace(target)
    finally:
        built.unlink(missing_ok=True)


def main() -> int:
    """Build what is missing, remove what is outdated, and say so."""
    target = library_path()
    if target.exists():
        return 0
    command = compiler()
    if command is None:
        print("no C compiler: neither $CC, cc, gcc, clang nor the Python package ziglang", file=sys.stderr)  # noqa: T201
        return NO_COMPILER
    try:
        build(command, target)
    except (subprocess.CalledProcessError, OSError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        print(f"{shlex.join(command)} failed: {error}\n{said}", file=sys.stderr)  # noqa: T201
        return 1
    for other in FOLDER.glob(f"{STEM}*.so"):
        if other != target:
            other.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
