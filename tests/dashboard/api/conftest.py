"""A client of the JSON API."""

import pytest
from serving import serving


@pytest.fixture
def client(service):
    """The API over the service of the test."""
    with serving(lambda: service) as made:
        yield made
