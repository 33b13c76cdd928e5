"""The four themes: plain values, and the two forms in which the browser takes them.

A theme has two backgrounds. Streamlit's `backgroundColor` is the card's, because charts, menus and the grid paint
themselves with it; the page behind the cards has its own colour, which `static/style.css` reads from a variable.
"""

from dataclasses import dataclass
from typing import Any, Final

COOKIE: Final = "dashboard_theme"
"""Holds the name of the chosen theme; absent until someone chooses."""


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


LIGHT = Theme(
    name="Light",
    icon="☀",
    dark=False,
    page="#f5f6f9",
    card="#ffffff",
    field="#f3f5f9",
    sidebar="#ffffff",
    text="#18202c",
    muted="#5a6577",
    primary="#2455d3",
    link="#2455d3",
    border="#dfe4ec",
    categories=("#2f62e0", "#0f8f83", "#d97706", "#8250df", "#c93a77", "#4b7f1e", "#0a7ea4", "#6b7480"),
    ramp=("#dfe8ff", "#1d3f9e"),
    good="#0b6b44",
    bad="#b01e2f",
    warn="#865000",
    info="#2455d3",
)
DARK = Theme(
    name="Dark",
    icon="☾",
    dark=True,
    page="#0d1320",
    card="#151d2c",
    field="#1e283b",
    sidebar="#0a0f19",
    text="#e6ebf4",
    muted="#9dabc2",
    primary="#3568e0",
    link="#86adff",
    border="#2a364c",
    categories=("#6f9dff", "#3fcba5", "#f5b454", "#b594f8", "#fb83b5", "#a3d468", "#4fcbe6", "#a3b0c4"),
    ramp=("#1d2f57", "#bcd2ff"),
    good="#4fd6a0",
    bad="#ff8b93",
    warn="#f5b454",
    info="#86adff",
)
OCEAN = Theme(
    name="Ocean",
    icon="≈",
    dark=True,
    page="#052433",
    card="#0a3145",
    field="#0f3e56",
    sidebar="#041b27",
    text="#e2f5fb",
    muted="#9cc6d6",
    primary="#0b7a9b",
    link="#62d5f0",
    border="#185470",
    categories=("#3fd0ee", "#7fe6c4", "#ffd079", "#9dbcff", "#f9a5bd", "#b8e78a", "#ffab7a", "#b9cbd6"),
    ramp=("#0d4f6b", "#c7effb"),
    good="#7fe6c4",
    bad="#ff9ea8",
    warn="#ffd079",
    info="#62d5f0",
)
SUNSET = Theme(
    name="Sunset",
    icon="◐",
    dark=False,
    page="#fff3e8",
    card="#fffdfa",
    field="#fdf0e4",
    sidebar="#ffe7d3",
    text="#40200f",
    muted="#7d5540",
    primary="#b83a0b",
    link="#b83a0b",
    border="#f0d3bc",
    categories=("#c8470f", "#c42d78", "#b07a00", "#6d45b4", "#23806f", "#8a5a3b", "#3f6fb0", "#77706b"),
    ramp=("#ffe3cc", "#8a2f07"),
    good="#17624a",
    bad="#a51b33",
    warn="#7a4c00",
    info="#a3330a",
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


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio of two `#rrggbb` colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if (c := part / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for part in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ramp(low: str, high: str, steps: int) -> list[str]:
    ends = list(zip(_channels(low), _channels(high), strict=True))
    shares = [step / (steps - 1) for step in range(steps)]
    return ["#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in ends) for share in shares]
