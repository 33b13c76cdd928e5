"""A dataset flows in, the functions of its derived columns flow out; None where it has none."""

import importlib
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dataset_model import Dataset
from dataset_model.derivations import known_derivations
from exporter.clients import Clients

if TYPE_CHECKING:
    from exporter.decoding.derivations import Deriver

_SHIPPED = {
    "conversation": "exporter.derivations.conversations",
    "transcript": "exporter.derivations.transcripts",
}
"""First part of a shipped derivation's name -> the module with its function, imported where a dataset names one."""


def open_deriver(dataset: Dataset, clients: Clients, environment: Mapping[str, str] | None = None) -> "Deriver | None":
    """Return the functions of a dataset's derived columns, or None."""
    names = {column.derive for column in dataset.columns if column.derive}
    if not names:
        return None
    from exporter.decoding.derivations import Deriver

    for name in names:
        if module := _SHIPPED.get(name.partition(".")[0]):
            importlib.import_module(module)
    known = known_derivations()
    resources = S3Resources(clients, os.environ if environment is None else environment)
    return Deriver({name: known[name] for name in names}, resources, resources.forget)


class S3Resources:
    """What functions read from in one run: the environment and S3."""

    def __init__(self, clients: Clients, environment: Mapping[str, str]) -> None:
        from exporter.decoding.derivations import BoundedCache

        self._clients, self._environment = clients, environment
        self._made = BoundedCache()

    def setting(self, name: str, default: str = "") -> str:
        """Return an environment variable."""
        return self._environment.get(name, "").strip() or default

    def read(self, bucket: str, key: str) -> bytes | None:
        """Return an object, or None where there is none; raise StoreError where it cannot be read."""
        from exporter.storage.object_store import Store

        found = Store(self._clients.s3, bucket).read(key)
        return None if found is None else found[0]

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, made once in a run for each key as far as it is remembered."""
        made = self._made.get(key)
        if made is None:
            made = make()
            self._made.keep(key, made)
        return made

    def forget(self) -> None:
        """Forget what was made."""
        self._made.clear()
