"""Excludes what no run needs from the process, by one call of `exclude`; importing this changes nothing.

pyarrow imports numpy, and with its first array pandas, wherever they are installed, to be ready for data frames;
structlog imports rich's tracebacks. Together they cost a run 0.4 s of CPU and 85 MB. No run uses a data frame or shows
a traceback, and pyarrow's own clients of remote file systems are not used either. With them excluded, pyarrow behaves
as if these packages were not installed, and structlog as if rich were not. structlog's asynchronous loggers do not work
then, and the docstrings of Arrow's functions name no options. While modules load, Python's collector would take a tenth
of the time and find nothing, so it runs rarely; `memory` sets it for runs.

A fork or a derivation that needs numpy or pandas sets EXPORTER_LEAN_IMPORTS=0; then nothing is excluded.
"""

import gc
import os
import sys
from collections.abc import Sequence
from types import ModuleType


class _Excluded:
    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002 - import's protocol
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is excluded from this program", name=fullname)


def exclude() -> None:
    """Exclude them from now on: for a program's first statement, never for a library."""
    gc.set_threshold(500_000)
    # What Arrow's C++ allocates by itself goes to this pool, whatever pool is set later; read when pyarrow is imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # pydantic looks for its plugins in the metadata of every installed package; there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if os.environ.get("EXPORTER_LEAN_IMPORTS", "1") == "0":
        return
    remote = (f"pyarrow._{name}fs" for name in ("s3", "gcs", "azure", "hd"))
    sys.meta_path.insert(0, _Excluded("numpy", "pandas", *remote))

    _leave_out_docstrings_of_arrow()
    _import_structlog()


def _import_structlog() -> None:
    """Import structlog without rich's tracebacks, and without the event loop of the loggers that are awaited."""
    without = _Excluded("rich")
    sys.meta_path.insert(0, without)
    has_loop = "asyncio" in sys.modules
    sys.modules.setdefault("asyncio", ModuleType("asyncio"))
    import structlog  # noqa: F401 - for what it does not find

    if not has_loop:
        del sys.modules["asyncio"]
    sys.meta_path.remove(without)


def _leave_out_docstrings_of_arrow() -> None:
    """Replace the parser by which pyarrow.compute writes a docstring for each of its 286 functions at import."""
    parser = ModuleType("pyarrow.vendored.docscrape")
    parser.NumpyDocString = lambda _: {"Parameters": ()}  # type: ignore[attr-defined]  # a module's own names
    sys.modules[parser.__name__] = parser
