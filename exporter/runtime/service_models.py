"""The SDK's data paths flow in, a loader of service models flows out that reads only the files asked for.

Half of a client's cost is parsing its model, and as much is looking into the folders of all other services. Both
classes override one method of the SDK's own loader. A test compares the clients with the SDK's.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader


class _ModelFiles(JSONFileLoader):
    """Parses files of service models with orjson."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> object:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return orjson.loads(file.read())


class _Models(Loader):
    """Lists services by the names of their folders alone."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the SDK's own signature
        """Return the names of all services; whether one has this type of file is seen when it is read."""
        folders = [Path(path) for path in self.search_paths]
        return sorted({found.name for folder in folders if folder.is_dir() for found in folder.iterdir()})


def model_loader(search_paths: Iterable[str]) -> Loader:
    """Return a loader for the `data_loader` component of an SDK session."""
    return _Models(list(search_paths), _ModelFiles(), include_default_search_paths=False)
