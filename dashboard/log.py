"""Log lines as facts, by structlog, which is loaded with the first line: most processes log nothing at their start."""

from typing import Any


class LogLines:
    """The log of one module. A line is an event and the facts about it by name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **facts: object) -> None:
        """Log an event."""
        self._log().info(event, **facts)

    def warning(self, event: str, **facts: object) -> None:
        """Log what an operator should look at."""
        self._log().warning(event, **facts)

    def error(self, event: str, **facts: object) -> None:
        """Log what an operator has to correct."""
        self._log().error(event, **facts)

    def exception(self, event: str, **facts: object) -> None:
        """Log a failure, with the traceback of the exception that is being handled."""
        self._log().exception(event, **facts)

    def _log(self) -> Any:
        import structlog

        return structlog.get_logger(self._name)
