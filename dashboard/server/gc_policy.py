"""Python's garbage collector: rarely while modules load, and once a minute from then on."""

import gc
import time
from typing import Final, NoReturn

_USUAL: Final = gc.get_threshold()
_TIDY_SECONDS: Final = 60.0


def rest() -> None:
    """Collect rarely while modules load: the collector would look through them a hundred times, and find nothing.

    For a program's first statement, never for a library.
    """
    gc.set_threshold(100_000)


def settle() -> None:
    """Freeze what is loaded by now, which stays loaded, and collect as usual from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_USUAL)


def tidy() -> NoReturn:
    """Collect once a minute, in place of Streamlit's collection after every run, so that closed pages are freed."""
    while True:
        time.sleep(_TIDY_SECONDS)
        gc.collect()
