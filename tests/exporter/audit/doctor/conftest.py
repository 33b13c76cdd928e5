"""Scenes that `doctor` examines."""

import pytest


@pytest.fixture
def scene(scene):
    """Make scenes of the one partition value that has items; a value without any is a finding of its own."""
    return lambda **variables: scene(**({"GSI_PK_VALUE": "A"} | variables))
