"""The four themes: plain values, and the two forms in which the browser takes them.

A theme has two backgrounds. Streamlit's `backgroundColor` is the card's, because charts, menus and the grid paint
themselves with it; the page under the cards has its own colour, which `static/style.css` reads from a variable.
"""

from dataclasses import dataclass
from typing import Any, Final

COOKIE: Final = "dashboard_theme"
"""Holds the name of the chosen theme; absent until someone chooses."""

PARAMETER: Final = "theme"
"""Of an address: the theme that its visitors see."""


@dataclass(frozen=True)
class Theme:
    """Colours of one theme, as `#rrggbb`."""

    name: str
    icon: str
    """A character for the picker."""
    dark: bool
    page: str
    """Behind the cards."""
    card: str
    """Cards, menus, charts and the grid."""
    field: str
    """Inputs, code and the grid's header."""
    sidebar: str
    text: str
    muted: str
    """Captions and axis labels; readable on page, card and sidebar."""
    primary: str
    """Buttons, with white text on it."""
    link: str
    """Links and selected items: the primary colour where that reads well on a card."""
    border: str
    categories: tuple[str, ...]
    """Series colours in fixed order; each stands out from the card by 3:1 or more."""
    ramp: tuple[str, str]
    """Ends of the sequential scale, low to high."""
    good: str
    bad: str
    warn: str
    info: str


_COLOURS: Final[dict[str, tuple[Any, Any, Any, Any]]] = {
    "name":      ("Light", "Dark", "Ocean", "Sunset"),
    "icon":      ("☀", "☾", "≈", "◐"),
    "dark":      (False, True, True, False),
    "page":      ("#f5f6f9", "#0d1320", "#052433", "#fff3e8"),
    "card":      ("#ffffff", "#151d2c", "#0a3145", "#fffdfa"),
    "field":     ("#f3f5f9", "#1e283b", "#0f3e56", "#fdf0e4"),
    "sidebar":   ("#ffffff", "#0a0f19", "#041b27", "#ffe7d3"),
    "text":      ("#11171f", "#e6ebf4", "#e2f5fb", "#261105"),
    "muted":     ("#5a6577", "#9dabc2", "#9cc6d6", "#7d5540"),
    "primary":   ("#2455d3", "#3568e0", "#0b7a9b", "#b83a0b"),
    "link":      ("#2455d3", "#86adff", "#62d5f0", "#b83a0b"),
    "border":    ("#dfe4ec", "#2a364c", "#185470", "#f0d3bc"),
    "good":      ("#0b6b44", "#4fd6a0", "#7fe6c4", "#17624a"),
    "bad":       ("#b01e2f", "#ff8b93", "#ff9ea8", "#a51b33"),
    "warn":      ("#865000", "#f5b454", "#ffd079", "#7a4c00"),
    "info":      ("#2455d3", "#86adff", "#62d5f0", "#a3330a"),
    "ramp":      (("#dfe8ff", "#1d3f9e"), ("#1d2f57", "#bcd2ff"), ("#0d4f6b", "#c7effb"), ("#ffe3cc", "#8a2f07")),
}  # fmt: skip
"""One line per field of a theme; Light, Dark, Ocean and Sunset in one line."""
_CATEGORIES: Final = (
    ("#2f62e0", "#0f8f83", "#d97706", "#8250df", "#c93a77", "#4b7f1e", "#0a7ea4", "#6b7480"),
    ("#6f9dff", "#3fcba5", "#f5b454", "#b594f8", "#fb83b5", "#a3d468", "#4fcbe6", "#a3b0c4"),
    ("#3fd0ee", "#7fe6c4", "#ffd079", "#9dbcff", "#f9a5bd", "#b8e78a", "#ffab7a", "#b9cbd6"),
    ("#c8470f", "#c42d78", "#b07a00", "#6d45b4", "#23806f", "#8a5a3b", "#3f6fb0", "#77706b"),
)
LIGHT, DARK, OCEAN, SUNSET = (
    Theme(categories=categories, **{field: values[place] for field, values in _COLOURS.items()})
    for place, categories in enumerate(_CATEGORIES)
)
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK, OCEAN, SUNSET)}


def css_variables(theme: Theme) -> dict[str, str]:
    """Variables for what Streamlit's theme has no name for."""
    return {
        "--dash-page": theme.page,
        "--dash-card": theme.card,
        "--dash-muted": theme.muted,
        "--dash-text": theme.text,
        "--dash-border": theme.border,
        "--dash-link": theme.link,
        "--dash-field": theme.field,
        "--dash-good": theme.good,
        "--dash-warn": theme.warn,
        **{f"--dash-series-{place}": colour for place, colour in enumerate(theme.categories)},
        "--dash-shadow": "0 0 0 transparent" if theme.dark else "0 1px 2px rgb(15 23 42 / .05)",
        "color-scheme": "dark" if theme.dark else "light",
    }


def streamlit_theme(theme: Theme) -> dict[str, Any]:
    """Streamlit's `CustomThemeConfig` in the camel case of its front end, as its host message takes it."""
    return {
        "base": int(theme.dark),
        "primaryColor": theme.primary,
        "backgroundColor": theme.card,
        "secondaryBackgroundColor": theme.field,
        "textColor": theme.text,
        "linkColor": theme.link,
        "borderColor": theme.border,
        "codeBackgroundColor": theme.field,
        "codeTextColor": theme.text,
        "dataframeBorderColor": theme.border,
        "dataframeHeaderBackgroundColor": theme.field,
        "chartCategoricalColors": list(theme.categories),
        "chartSequentialColors": _ramp(*theme.ramp, steps=10),
        "greenTextColor": theme.good,
        "greenColor": theme.good,
        "redTextColor": theme.bad,
        "redColor": theme.bad,
        "orangeTextColor": theme.warn,
        "yellowTextColor": theme.warn,
        "blueTextColor": theme.info,
        "blueColor": theme.info,
        "violetTextColor": theme.categories[3],
        "grayTextColor": theme.muted,
        "grayColor": theme.muted,
        "showWidgetBorder": True,
        "baseFontSize": 15,
        "baseRadius": "10px",
        "buttonRadius": "8px",
        "bodyFont": "Inter, system-ui, sans-serif",
        "headingFont": "Inter, system-ui, sans-serif",
        "codeFont": "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace",
        "headingFontSizes": ["1.65rem", "1.25rem", "1rem", "0.95rem", "0.9rem", "0.85rem"],
        "headingFontWeights": [700, 650, 600, 600, 600, 600],
        "metricValueFontSize": "1.75rem",
        "metricValueFontWeight": 650,
        "sidebar": {
            "backgroundColor": theme.sidebar,
            "secondaryBackgroundColor": theme.field if theme.sidebar == theme.card else theme.card,
            "textColor": theme.text,
            "borderColor": theme.border,
            "primaryColor": theme.primary,
            "linkColor": theme.link,
        },
    }


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _ramp(low: str, high: str, steps: int) -> list[str]:
    ends = list(zip(_channels(low), _channels(high), strict=True))
    shares = [step / (steps - 1) for step in range(steps)]
    return ["#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in ends) for share in shares]
