"""Importing this keeps pandas out of the process; for a program's first line, never for a library.

pyarrow imports pandas with its first array, wherever it is installed, to be ready for data frames. That costs a run a
quarter of a second and 60 MB, and nothing here has a data frame. To pyarrow it now looks as if pandas were not there.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002 - import's protocol
        if fullname == "pandas":
            raise ModuleNotFoundError(f"{fullname} is kept out of this program", name=fullname)


sys.meta_path.insert(0, _NoPandas())
