"""What can go wrong in an export, by what the caller can do about it.

    ExportError
    ├── SchemaConflict      the dataset file and the published table disagree
    └── UnreadableDate      one value tells no time; caught where it is met, its item is set aside
"""


class ExportError(Exception):
    """Base of every failure that the exporter anticipates; its message is for people."""


class SchemaConflict(ExportError):
    """A declaration contradicts what is already published; a new prefix or a corrected file resolves it."""


class UnreadableDate(ExportError, ValueError):
    """A value tells no time. Internal: it becomes the reason with which an item is set aside."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
