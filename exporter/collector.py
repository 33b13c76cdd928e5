"""Python's garbage collector, told what a run is like."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def calm_collector() -> Iterator[None]:
    """Let the collector look rarely, and never at what is there already.

    Reading a page makes thousands of tuples and frees them at once, which by default means several collections a page,
    some of them through everything that start-up has left. The collector stays on, for the cycles that the SDK makes
    now and then.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
