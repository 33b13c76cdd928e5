"""Python's collector of garbage: out of the way while modules load, and once a minute from then on.

Importing this, ahead of everything else, lets the collector rest: it would look through what is being loaded a hundred
times, and find nothing. For a program's first line, never for a library.
"""

import gc
import time
from typing import Final, NoReturn

_USUAL: Final = gc.get_threshold()
_TIDY_SECONDS: Final = 60.0

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
