"""The stand-in server and a dataset published on it, shared by everything that tests the dashboard."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Test folders are not packages, so what they share among themselves is found through the path.
sys.path.insert(0, str(Path(__file__).parent))
# The server that spoils requests is that of the exporter's tests.
sys.path.append(str(Path(__file__).parents[1] / "exporter"))

from publishing import Published, publish

from dashboard.services.service import Service
from dashboard.settings import settings_from_environment

SDK_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def standin_url() -> Iterator[str]:
    """Address of a stand-in for AWS: one started here, or the one that STANDIN_URL names."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SDK_VARIABLES.items():
            patch.setenv(name, value)
        if url := os.environ.get("STANDIN_URL"):
            patch.setenv("AWS_ENDPOINT_URL", url)
            yield url
        else:
            from local.server import serve

            with serve(port=0) as server:
                patch.setenv("AWS_ENDPOINT_URL", server.url)
                yield server.url


@pytest.fixture(scope="session")
def publishing(standin_url: str) -> Callable[..., Published]:
    """Publish a dataset of one's own: `publishing("empty", per_day=0)`; names are used once per session."""

    def make(name: str, **options: object) -> Published:
        unique = f"{name}_{os.getpid()}_{os.urandom(3).hex()}"
        return publish(standin_url, unique, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def published(publishing: Callable[..., Published]) -> Published:
    """Contacts from 2025-12-20 to 2026-02-02, for tests that only read; see `publishing.contact_rows`."""
    return publishing("contacts")


@pytest.fixture(scope="session")
def one_service(published: Published) -> Iterator[Service]:
    """The one with clients that the tests share: making them costs more than most tests."""
    made = Service(settings_from_environment(published.environment))
    yield made
    made.close()


@pytest.fixture
def service(one_service: Service) -> Service:
    """A service over the published contacts, with nothing kept yet."""
    one_service.forget()
    return one_service
