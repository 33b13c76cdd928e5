"""The themes flow in, the theme picker flows out: four radio buttons that work without a rerun."""

import functools
from typing import Any

from dashboard.components import component
from dashboard.themes import COOKIE, DARK, LIGHT, THEMES, css_variables, streamlit_theme


def theme_picker() -> None:
    """Draw the picker where it stands."""
    component("theme_picker")(data=[_themes()], key="theme_picker")


@functools.cache
def _themes() -> dict[str, Any]:
    return {
        "cookie": COOKIE,
        "system": {"light": LIGHT.name, "dark": DARK.name},
        "themes": [
            {
                "name": theme.name,
                "swatch": [theme.page, theme.primary if not theme.dark else theme.link],
                "variables": css_variables(theme),
                "info": streamlit_theme(theme),
            }
            for theme in THEMES.values()
        ],
    }
