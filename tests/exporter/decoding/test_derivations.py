"""The registry of derivations."""

import pytest

from exporter.decoding import derivations
from exporter.decoding.derivations import derivation, derivation_named, derivation_names


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(derivations, "_registered", {})


def test_a_registered_function_is_found_by_its_name():
    """A derivation is found by the name that a dataset file gives; an unknown name is None."""
    derivation("call.length")(len)
    found = derivation_named("call.length")
    assert found is not None
    assert found.function is len
    assert derivation_named("call.width") is None
    assert derivation_names() == ("call.length",)


def test_a_name_belongs_to_one_function():
    """A second function under the same name is refused; the same function twice is not."""
    derivation("call.length")(len)
    derivation("call.length")(len)
    with pytest.raises(ValueError, match=r"derivation call\.length is registered twice"):
        derivation("call.length")(sum)
