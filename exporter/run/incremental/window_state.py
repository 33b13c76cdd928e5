"""How far the changes of a table have been read, and the export under way: a record that is replaced if unchanged.

A window is written here before its export is started. So after a run that died in between, the next one knows which
export to look for, and two runs at once ask for the same export.
"""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from exporter.errors import StoreError
from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.storage.object_store import Store

WINDOWS_FILE = f"{EXPORTS_FOLDER}/_windows.json"
"""Below the prefix."""

_FROZEN = ConfigDict(frozen=True)


class PendingWindow(BaseModel):
    """A window of which the export has been asked for and is not read yet."""

    model_config = _FROZEN

    start: AwareDatetime
    end: AwareDatetime
    token: str
    """With which the export is started; the same token never starts a second one."""
    asked_at: AwareDatetime
    arn: str | None = None
    """None: it may have been started, or not."""


class LastWindow(BaseModel):
    """How much the last window has brought."""

    model_config = _FROZEN

    hours: float
    items: int
    """Of the table, whatever the dataset holds of them."""
    bytes: int
    """What its export was billed for."""


class WindowState(BaseModel):
    """The record."""

    model_config = _FROZEN

    format: Literal[1] = 1
    dataset: str
    table: str
    read_to: AwareDatetime
    """What was written before has been read."""
    begun_at: AwareDatetime | None = None
    """From when on it has been read without a gap; None: not recorded, by a release that did not do so."""
    pending: PendingWindow | None = None
    unusable: tuple[str, ...] = ()
    """ARNs of exports since then of which the files could not be read: they are not looked for again."""
    done_at: AwareDatetime | None = None
    """When the last window was read."""
    last: LastWindow | None = None


class WindowRecord:
    """Reads and replaces the record of one prefix."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._key = store, f"{prefix}/{WINDOWS_FILE}"
        self._etag: str | None = None

    @property
    def place(self) -> str:
        """Where the record is."""
        return f"s3://{self._store.bucket}/{self._key}"

    def read(self) -> WindowState | None:
        """Return the record, None where there is none; raise StoreError where it is not readable."""
        found = self._store.read(self._key)
        if found is None:
            self._etag = None
            return None
        body, self._etag = found
        try:
            return WindowState.model_validate_json(body)
        except ValidationError as error:
            raise StoreError(
                f"{self.place} is not readable: {error.errors(include_url=False)[0]['msg']}. Restore its last good "
                "version from the bucket's history, or remove it and export the published days again"
            ) from None

    def replace(self, state: WindowState) -> WindowState:
        """Replace the record that was read and return the new one; raise StaleRun where another run has changed it."""
        self._etag = self._store.replace(self._key, state.model_dump_json().encode(), self._etag)
        return state
