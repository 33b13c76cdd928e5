"""Limits of an alert or report that a person makes."""

from typing import Final

MOST_READERS: Final = 10
"""Addresses of one alert or report."""
MOST_TITLE: Final = 120
"""Characters."""
