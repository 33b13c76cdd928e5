"""A visitor of the pages, without a browser."""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard.ui.page import cached_service

# Test folders are not packages, so what they share among themselves is found through the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def components_of_packages() -> Iterator[None]:
    """Look once through all installed packages for Streamlit's components, instead of for every visitor."""
    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, repository) -> Iterator[Callable[..., AppTest]]:
    """Open a page with an environment, as a new visitor of a process that has just started."""
    cached_service.service.clear()

    def opened(environment: dict[str, str], page: str = "overview", **params: str | list[str]) -> AppTest:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        app = AppTest.from_file(str(repository / "dashboard" / "navigation.py"), default_timeout=60)
        if params and page != "overview":
            # The Overview would write its own view into the address.
            app.switch_page(f"app_pages/{page}.py")
        for name, value in params.items():
            app.query_params["from" if name == "from_" else name] = value
        app.run()
        return app if params or page == "overview" else app.switch_page(f"app_pages/{page}.py").run()

    yield opened
    cached_service.service.clear()
