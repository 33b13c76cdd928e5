"""Functions that fail, end the program, do not answer, or return what no column holds."""

import enum
import functools
import json
import threading
import time
from decimal import Decimal

import pytest
import structlog

from dataset_model.derivations import NotYet
from exporter.decoding import derivations
from exporter.errors import StoreError

from .deriving import Functions, decoder, derived, page_of


class Silent(Exception):
    """An error without a text."""

    def __str__(self) -> str:
        raise RuntimeError


def raises(error: BaseException):
    def function(_):
        raise error

    return function


def endless(value):
    return endless(value)


INSIDE = functools.reduce(lambda inner, _: [inner], range(40), "x")
ITSELF: list = []
ITSELF.append(ITSELF)
HOSTILE = {
    "no double": (lambda _: 10**400, "OverflowError: int too large to convert to float"),
    "an infinity": (lambda _: Decimal("-Infinity"), "ValueError: -Infinity is no number of a column"),
    "too many lists": (lambda _: INSIDE, "ValueError: more than 32 lists and maps are inside one another"),
    "a list in itself": (lambda _: ITSELF, "ValueError: more than 32 lists and maps are inside one another"),
    "no Unicode": (lambda _: "\ud800", "UnicodeEncodeError: 'utf-8' codec can't encode character"),
    "a name of no Unicode": (lambda _: {"\ud800": 1}, "UnicodeEncodeError: 'utf-8' codec can't encode character"),
    "a generator": (lambda _: iter(()), "ValueError: a function returned a tuple_iterator, which no column holds"),
    "an endless call": (endless, "RecursionError: maximum recursion depth exceeded"),
    "the program's end": (raises(SystemExit(0)), "RuntimeError: the function would have ended the program"),
    "an error without a text": (raises(Silent()), "Silent: an error without a text"),
    "an error of no Unicode": (raises(OSError("\ud800")), "OSError: \\ud800"),
    "an error as a value": (lambda _: Silent(), "Silent: an error without a text"),
    "a hostile value for later": (lambda _: NotYet("\ud800"), "UnicodeEncodeError: "),
}


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_function_does_is_its_items(name, batch):
    """The item is null, and quarantined by the derivation's name; the other row of the page has its value."""
    hostile, reason = HOSTILE[name]

    def function(text):
        return "fine" if text == "good" else hostile(text)

    functions = Functions((lambda _, rows: [function(*row) for row in rows]) if batch else function, batch)
    page = page_of(decoder(functions.deriver, "json"), {"x": {"S": "bad"}}, {"x": {"S": "good"}})
    assert derived(page) == [None, '"fine"']
    assert [one.reason.startswith(f"d: derivation f failed; found {reason}") for one in page.nulled] == [True]
    assert json.dumps([one.reason for one in page.nulled], ensure_ascii=False).encode()


def test_a_text_of_an_enumeration_is_its_text():
    """What is a text in Python is one of the column."""
    values = enum.Enum("values", {"WEB": "web"}, type=str)
    page = page_of(decoder(Functions(lambda _: values.WEB).deriver), {"x": {"S": "1"}})
    assert derived(page) == ["web"]


def test_a_function_that_does_not_answer_is_named_in_the_log(monkeypatch):
    """Each time that the patience is over; its value is taken when it comes."""
    monkeypatch.setattr(derivations, "PATIENCE", 0.01)
    answers = threading.Event()
    functions = Functions(lambda _, rows: [str(answers.wait(10)) for _ in rows], 1)
    with structlog.testing.capture_logs() as said:

        def let_go(_logger, _method, line):
            answers.set()
            return line

        structlog.configure(processors=[let_go, *structlog.get_config()["processors"]])
        page = page_of(decoder(functions.deriver), {"x": {"S": "1"}})
    assert derived(page) == ["True"]
    assert (said[0]["event"], said[0]["derivation"]) == ("a derivation has not answered yet", "f")


def test_what_ends_the_run_is_not_tried_for_the_other_rows():
    """The first of a thousand calls finds the bucket unreachable: those that have not begun do not begin."""
    called: list = []

    def unreachable(_, rows):
        called.append(rows)
        time.sleep(0.002)
        raise StoreError("no network")

    items = ({"x": {"S": str(number)}} for number in range(1000))
    with pytest.raises(StoreError, match="no network"):
        page_of(decoder(Functions(unreachable, 1).deriver), *items)
    assert len(called) < 500
