"""An office with a mail server of its own, and alerts with names of their own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from notice_office import Office
from publishing import Published

from dataset_model.dashboard.notices import Alert
from local.mail.sink import mail_sink


@pytest.fixture
def office(published: Published) -> Iterator[Office]:
    """An office with an empty mailbox."""
    answers: list[str] = []
    with mail_sink(answer=lambda _: answers.pop(0) if answers else "250 kept") as sink:
        yield Office(published, sink, answers)


@pytest.fixture
def an_alert(request: pytest.FixtureRequest) -> Callable[..., Alert]:
    """Return an alert of a name that no other test has."""

    def made(**fields: Any) -> Alert:
        name = f"{request.node.name.lower().split('[')[0]}_{abs(hash(request.node.name)) % 10**8}"
        return Alert.model_validate({"name": name, "to": ["ana@example.com"], **fields})

    return made
