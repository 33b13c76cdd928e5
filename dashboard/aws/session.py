"""SDK variables to clients: a botocore session that makes a client in a third of the time.

It is botocore's. boto3 adds resources and file transfers on top, which nothing here uses and every start would load.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader, create_loader
from botocore.session import Session


class _ModelFiles(JSONFileLoader):
    """The SDK's files of service models; its own parser is half of a client's cost."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return orjson.loads(file.read())


class _Models(Loader):
    """Finds the service models without a look into the folder of every other service there is."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the SDK's own signature
        """Return the names of all services; whether one has this type of file is seen when it is read."""
        return sorted({name for path in self.search_paths for name in _folders(path)})


def new_session() -> Session:
    """Return a session, as the SDK's variables describe it."""
    session = Session()
    paths = create_loader(session.get_config_variable("data_path")).search_paths
    models = _Models(list(paths), _ModelFiles(), include_default_search_paths=False)
    session.register_component("data_loader", models)
    return session


def new_client(service: str, **settings: Any) -> Any:
    """Return a client of a service; `settings` are those of the SDK's `create_client`."""
    return new_session().create_client(service, **settings)


def _folders(path: str) -> Iterator[str]:
    if Path(path).is_dir():
        with os.scandir(path) as found:
            yield from (entry.name for entry in found if entry.is_dir())
