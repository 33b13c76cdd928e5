"""A specification of Vega-Lite flows in, its picture flows out."""

from typing import Any, Final

DRAWN_FONT: Final = "Arimo, Liberation Sans, sans-serif"
"""Brought by the compiler itself: the same picture on every machine."""
_SCALE: Final = 2.0
"""Pixels to a point: sharp on paper and on a phone."""


def png_of(specification: dict[str, Any]) -> bytes:
    """Return a PNG; the specification has its figures, width and height."""
    import vl_convert

    # No address is ever asked: figures are inside the specification.
    found: bytes = vl_convert.vegalite_to_png(specification, scale=_SCALE, allowed_base_urls=[])
    return found
