"""Services over published contacts, for the tests of boards."""

import datetime as dt

import pytest

from dashboard.services.service import Service
from dashboard.settings import settings_from_environment

from .cards import DAYS


@pytest.fixture(scope="module")
def ruled(publishing, repository, tmp_path_factory):
    """A service over contacts with a row rule by channel and a masked agent; who asks is set by `acting_for`."""
    found = publishing("boarded", first=DAYS.first, last=DAYS.last)
    text = (repository / "datasets" / "contacts.yaml").read_text(encoding="utf-8")
    text = text.replace("  - name: agent_name\n", "  - name: agent_name\n    mask: hidden\n")
    file = tmp_path_factory.mktemp("boarded") / "contacts.yaml"
    file.write_text(f'{text}\nrows: "channel in {{claim.channels}}"\n', encoding="utf-8")
    made = Service(settings_from_environment({**found.environment, "DATASET": str(file)}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def weeks(publishing):
    """A service over the contacts of a week and two days: Monday, 29 December, to Tuesday, 6 January."""
    found = publishing("weekly", first=dt.date(2025, 12, 29), last=dt.date(2026, 1, 6))
    made = Service(settings_from_environment(found.environment))
    yield made
    made.close()
