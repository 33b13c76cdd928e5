"""Four themes: readable, complete, and known to the browser under the names that the front end takes."""

import pytest

from dashboard.themes import THEMES, Theme, css_variables, streamlit_theme

EACH = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two `#rrggbb` colours by WCAG 2, 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_four_themes_by_name():
    """People are offered Light, Dark, Ocean and Sunset, in that order."""
    assert list(THEMES) == ["Light", "Dark", "Ocean", "Sunset"]


def test_contrast_is_the_one_of_wcag():
    """Black on white is 21:1; a known mid grey is the lightest that passes AA on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)


@EACH
def test_text_reads_on_every_surface(theme: Theme):
    """Text, captions and links reach AA (4.5:1) on every background."""
    for ink in (theme.text, theme.muted):
        for surface in (theme.page, theme.card, theme.field, theme.sidebar):
            assert contrast(ink, surface) >= 4.5, (ink, surface)
    for surface in (theme.page, theme.card, theme.field):
        assert contrast(theme.link, surface) >= 4.5, surface
    assert contrast("#ffffff", theme.primary) >= 4.5


@EACH
def test_faded_text_reads_on_a_card(theme: Theme):
    """Streamlit draws the pinned column of a grid and the axes of charts in 60% of the text's colour."""
    for surface in (theme.card, theme.field):
        assert contrast(mixed(theme.text, surface, 0.6), surface) >= 4.5, surface


def mixed(ink: str, surface: str, share: float) -> str:
    """A colour that lets another shine through."""
    pairs = [(int(ink[at : at + 2], 16), int(surface[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(first * share + second * (1 - share)):02x}" for first, second in pairs)


@EACH
def test_states_read_on_a_card(theme: Theme):
    """Good, bad, warning and information colours are readable as text on a card and on the page."""
    for ink in (theme.good, theme.bad, theme.warn, theme.info):
        assert contrast(ink, theme.card) >= 4.5, ink
        assert contrast(ink, theme.page) >= 4.5, ink


@EACH
def test_sql_reads_in_the_editor(theme: Theme):
    """Keywords, functions, texts and numbers are readable on the editor's ground."""
    info = streamlit_theme(theme)
    for ink in (theme.link, info["violetTextColor"], theme.good, theme.warn, theme.muted):
        assert contrast(ink, info["codeBackgroundColor"]) >= 4.5, ink


@EACH
def test_series_stand_out_from_the_card(theme: Theme):
    """Each of at least eight distinct series colours differs from the card by 3:1, WCAG's bound for graphics."""
    assert len(set(theme.categories)) == len(theme.categories) >= 8
    for colour in theme.categories:
        assert contrast(colour, theme.card) >= 3, colour


@EACH
def test_the_streamlit_form_paints_cards(theme: Theme):
    """Charts and menus take the card's colour; the page's goes into a variable of its own."""
    info = streamlit_theme(theme)
    assert info["backgroundColor"] == theme.card
    assert info["base"] == (1 if theme.dark else 0)
    assert info["chartSequentialColors"][0] == theme.ramp[0]
    assert len(info["chartSequentialColors"]) == 10
    assert css_variables(theme)["--dash-page"] == theme.page


@EACH
def test_fonts_come_from_this_server(theme: Theme):
    """No theme names another host."""
    assert "//" not in str(streamlit_theme(theme))


@EACH
def test_states_read_on_their_own_tint(theme: Theme):
    """Badges and notices stand on a tenth of their own colour; they reach AA there too."""
    for ink in (theme.good, theme.bad, theme.warn, theme.info):
        for surface in (theme.page, theme.card):
            assert contrast(ink, blended(ink, surface, 0.1)) >= 4.5, (ink, surface)


def blended(ink: str, surface: str, share: float) -> str:
    """Return what a transparent colour looks like on a surface."""
    pairs = zip(bytes.fromhex(ink[1:]), bytes.fromhex(surface[1:]), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)
