"""A book of tokens with a clock that a test sets."""

import pytest

from dashboard.sign_in.tokens import Tokens

from .token_parts import Clock, Memory


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return Memory()


@pytest.fixture
def tokens(store, clock):
    return Tokens(lambda: store, lambda: {"groups", "stores"}, clock)
