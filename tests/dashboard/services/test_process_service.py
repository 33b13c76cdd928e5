"""The one service of a process: made once, and out of reach of Streamlit's caches."""

import pytest
import streamlit as st

from dashboard.model.query_types import QueryRequest
from dashboard.services.process_service import ProcessService
from dashboard.ui.page import cached_service


def test_clearing_every_cache_of_streamlit_leaves_the_service_running(monkeypatch, published):
    """A browser's `clear_cache` calls both of these; running queries and finished results stay."""
    for name, value in published.environment.items():
        monkeypatch.setenv(name, value)
    cached_service.service.clear()
    try:
        before = cached_service.service()
        job = before.start(
            published.dataset.name, before.prepare(published.dataset.name, QueryRequest("all_records", 1))
        )
        st.cache_data.clear()
        st.cache_resource.clear()
        assert cached_service.service() is before
        assert job.outcome().row_count == 1
        assert before.jobs.get(job.id) is job
    finally:
        cached_service.service.clear()


def test_a_service_that_could_not_be_made_is_tried_again():
    """Settings that are wrong now may be right at the next visit."""
    attempts = []

    def make():
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("wrong settings")
        return "service"

    service = ProcessService(make)
    with pytest.raises(ValueError, match="wrong settings"):
        service()
    assert (service(), service()) == ("service", "service")
    assert len(attempts) == 2
