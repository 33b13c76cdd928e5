"""Licences of what the images hold."""

import re
import runpy

import pytest

KNOWN = re.compile(r"(?i)apache|bsd|\bmit\b|mpl[ -]?2|mozilla public license 2|psf|0bsd|zlib|cc0|isc|afl|cnri")


@pytest.fixture(scope="module")
def licences(repository):
    return runpy.run_path(str(repository / "containers" / "licences.py"))


def test_the_page_lists_what_the_lock_files_install(licences, repository):
    """`make lock` writes it."""
    assert (repository / "docs" / "licences.md").read_text(encoding="utf-8") == licences["text"]()


def test_every_package_has_a_licence_that_lets_an_image_be_passed_on(licences, repository):
    """Permissive ones, and MPL 2.0, which asks for the changes to its own files alone; no package is without one."""
    for image in licences["IMAGES"]:
        lock = (repository / f"requirements-{image}.lock").read_text(encoding="utf-8")
        found = {name: licences["licence_of"](name) for name in licences["names_of"](lock)}
        assert len(found) > 20
        assert {name: text for name, text in found.items() if text is not None and not KNOWN.search(text)} == {}
        assert [name for name, text in found.items() if text and "GPL" in text] == []
