"""The SDK's variables flow in, a botocore session flows out that makes a client in a third of the time.

Both programs use it. Half of a client's cost is parsing its service model, and as much is looking into the folders of
all other services; the two classes override one method of the SDK's own loader each. Tests compare the clients with
the SDK's. boto3 would add resources and file transfers, which neither program uses and every start would load.
"""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader, create_loader
from botocore.session import Session


class _ModelFiles(JSONFileLoader):
    """Parses files of service models with orjson."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return orjson.loads(file.read())


class _Models(Loader):
    """Lists services by the names of their folders alone."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the SDK's own signature
        """Return the names of all services; whether one has this type of file is seen when it is read."""
        return sorted({name for path in self.search_paths for name in _folders(path)})


def new_session() -> Session:
    """Return a session, as the SDK's variables describe it."""
    session = Session()
    paths = create_loader(session.get_config_variable("data_path")).search_paths
    session.register_component("data_loader", _models(tuple(paths)))
    return session


def new_client(service: str, **settings: Any) -> Any:
    """Return a client of a service; `settings` are those of the SDK's `create_client`."""
    return new_session().create_client(service, **settings)


@functools.cache
def _models(paths: tuple[str, ...]) -> Loader:
    """Return the loader of these folders. It holds what it has parsed, so all sessions share it."""
    return _Models(list(paths), _ModelFiles(), include_default_search_paths=False)


def _folders(path: str) -> Iterator[str]:
    if Path(path).is_dir():
        with os.scandir(path) as found:
            yield from (entry.name for entry in found if entry.is_dir())
