"""Access-log records in, the same records without sign-in codes out."""

import logging
from typing import Final

_CARRIES_CODES: Final = ("/oauth2callback?", "/auth/login?")


class WithoutCodes(logging.Filter):
    """Removes the query string from sign-in addresses; all other records stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, some of them shortened."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shortened(part) for part in record.args)
        return True


def keep_codes_out_of_the_access_log() -> None:
    """Filter uvicorn's access log."""
    log = logging.getLogger("uvicorn.access")
    if not any(isinstance(one, WithoutCodes) for one in log.filters):
        log.addFilter(WithoutCodes())


def _shortened(part: object) -> object:
    if isinstance(part, str) and any(sign in part for sign in _CARRIES_CODES):
        return part.partition("?")[0]
    return part
