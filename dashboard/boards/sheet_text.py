"""Texts of people flow in, paragraphs of a sheet flow out: no text is markup, and each character has a glyph."""

from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

FONT: Final = "Vera"
BOLD: Final = "VeraBd"
WIDE: Final = "STSong-Light"
"""Chinese, Japanese, Greek and Cyrillic; readers of PDF bring it themselves."""
_WIDE_FROM, _WIDE_TO = 0x0370, 0xFFEF
_LONGEST: Final = 400


@cache
def _known() -> frozenset[int]:
    """Register the typefaces, and return the characters that the first one has."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    fonts = [TTFont(name, str(folder / f"{name}.ttf")) for name in (FONT, BOLD)]
    for font in fonts:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFont(UnicodeCIDFont(WIDE))
    return frozenset(fonts[0].face.charToGlyph) & frozenset(fonts[1].face.charToGlyph)


def markup_of(text: str) -> str:
    """Return a text for a paragraph: escaped, in a typeface that has its characters, `?` where none has."""
    known, parts, wide = _known(), list[str](), list[str]()

    def flush() -> None:
        if wide:
            parts.append(f'<font name="{WIDE}">{escape("".join(wide))}</font>')
            wide.clear()

    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
    for character in " ".join(shown.split()):
        code = ord(character)
        if code not in known and _WIDE_FROM <= code <= _WIDE_TO and not 0xD800 <= code <= 0xF8FF:
            wide.append(character)
            continue
        flush()
        parts.append(escape(character) if code in known else "?")
    flush()
    return "".join(parts)


def paragraph(text: str, style: Any) -> Any:
    """Return a paragraph of a text."""
    from reportlab.platypus import Paragraph

    return Paragraph(markup_of(text), style)


def style_of(size: float, colour: str, *, bold: bool = False, right: bool = False, after: float = 0) -> Any:
    """Return a style of paragraphs."""
    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    _known()
    return ParagraphStyle(
        f"s{size}{colour}{bold}{right}{after}",
        fontName=BOLD if bold else FONT,
        fontSize=size,
        leading=size * 1.28,
        textColor=colour,
        alignment=TA_RIGHT if right else TA_LEFT,
        spaceAfter=after,
        splitLongWords=1,
    )
