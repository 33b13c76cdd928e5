"""The page Alerts and reports, run without a browser: made, paused, and what is wrong is said."""

import datetime as dt

import pytest
from publishing import Published
from streamlit.testing.v1 import AppTest

from dashboard.model.selection.filters import key_from_value
from dashboard.ui.page import cached_service


@pytest.fixture(scope="module")
def own(publishing) -> Published:
    return publishing("notices_page", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2))


@pytest.fixture
def page(visit, own, monkeypatch) -> AppTest:
    monkeypatch.setenv("REPORT_DOMAINS", "example.com")
    return visit(own.environment, "notices")


def alert_form() -> None:
    """The form of a new alert by itself: without a browser the dialog around it closes at each step."""
    from dashboard.ui.notices.notice_list import notice_form
    from dashboard.ui.page import cached_service

    notice_form(cached_service.service(), "contacts", "alert", None)


def captions(app: AppTest) -> str:
    return "\n".join(each.value for each in app.caption)


def test_an_alert_is_made_and_paused(page: AppTest) -> None:
    """Its row has its filters and readers, and that no run has looked; a test names what mail lacks."""
    form = AppTest.from_function(alert_form, default_timeout=60).run()
    form.text_input(key="notice_title_alert").set_value("Long *waits*")
    form.text_input(key="notice_value_alert").set_value("20")
    form.text_input(key="notice_to_alert").set_value("ana@example.com; bo@example.com")
    form.multiselect(key="filters_notice_alert").set_value(["channel"]).run()
    form.multiselect(key="filter_notice_alert_channel").set_value([key_from_value("VOICE")])
    form.button(key="save_notice").click().run()
    (made,) = cached_service.service().notices.every()
    readers = ("ana@example.com", "bo@example.com")
    assert (made.notice.title, made.notice.above, made.notice.to) == ("Long *waits*", 20, readers)
    assert made.notice.filters == {"channel": ("VOICE",)}
    page.run()
    assert (
        "Contact centre · alert over yesterday, from 07\\:00 · Channel\\: VOICE · to ana@example.com, bo@example.com"
        in captions(page)
    )
    assert "Not looked at yet." in captions(page)
    page.button(key=f"test_{made.id}").click().run()
    assert "Mail is not set up in this process." in page.error[0].value
    page.button(key=f"pause_{made.id}").click().run()
    assert page.button(key=f"pause_{made.id}").label == "Resume"
    assert not page.exception


def test_what_is_wrong_is_said_and_nothing_is_stored(page: AppTest) -> None:
    """A reader of another domain and a missing bound are both named, in the form."""
    before = cached_service.service().notices.every()
    form = AppTest.from_function(alert_form, default_timeout=60).run()
    form.text_input(key="notice_to_alert").set_value("x@evil.test")
    form.button(key="save_notice").click().run()
    (error,) = form.error
    assert error.value == (
        "- bound\\: expected one of above, below, rises, falls, no\\_rows; found nothing\n"
        "- to\\: expected addresses of example.com; found x@evil.test"
    )
    assert cached_service.service().notices.every() == before
