"""What the tests of changes share."""

import pytest

from exporter.stream_handler import _writer


@pytest.fixture
def table(scene, monkeypatch):
    """A table with a stream that feeds the handler, in a process of its own."""
    made = scene()
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    _writer.cache_clear()
    yield made
    _writer.cache_clear()
