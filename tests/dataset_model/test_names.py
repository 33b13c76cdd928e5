"""Attribute names to column names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model.columns.names import MAX_LENGTH, assign_names, column_name, reserved_names

# Names that meet: the same letters in other cases, signs that all become `_`, suffixes that look like our own.
attributes = st.lists(
    st.text("aA._- 2\u0130é", min_size=1, max_size=5) | st.text(min_size=1, max_size=300), unique=True
)
reserved = st.sets(st.sampled_from(["year", "month", "day", "report_date", "a", "a_2"]))


@given(attributes, reserved)
def test_names_are_legal_unique_and_free(names: list[str], taken: set[str]) -> None:
    """Every attribute gets a column of its own that Glue accepts and that nothing else claims."""
    assigned = assign_names(names, reserved=taken)
    assert list(assigned) == names
    assert len(set(assigned.values())) == len(names)
    assert taken.isdisjoint(assigned.values())
    assert all(re.fullmatch(rf"[a-z0-9_]{{1,{MAX_LENGTH}}}", name) for name in assigned.values())


@given(attributes, attributes)
def test_assignments_persist(first: list[str], later: list[str]) -> None:
    """Attributes that come later, in any number and order, never rename an earlier one."""
    before = assign_names(first)
    after = assign_names(later, before)
    assert {name: after[name] for name in first} == before
    assert assign_names(first, after) == after


@given(attributes)
def test_assigning_at_once_or_one_by_one_is_the_same(names: list[str]) -> None:
    """How the attributes are spread over runs does not matter, only their order."""
    one_by_one: dict[str, str] = {}
    for name in names:
        one_by_one = assign_names([name], one_by_one)
    assert one_by_one == assign_names(names)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("ContactId", "contactid"),
        ("crm.case-id", "crm_case_id"),
        ("Survey Comment", "survey_comment"),
        ("größe", "gr__e"),
        ("👍", "_"),
        ("\u0130", "i_"),
        ("2nd", "2nd"),
        ("A" * 300, "a" * 255),
    ],
)
def test_spelling(attribute: str, expected: str) -> None:
    """Lower case, `_` for characters that Glue and Athena do not share, at most 255 characters."""
    assert column_name(attribute) == expected


def test_collisions_are_numbered_in_order() -> None:
    """The first one keeps the plain name; a name that looks numbered already is respected."""
    assert assign_names(["a b", "a.b", "a_b_2", "A-B", "Year"]) == {
        "a b": "a_b",
        "a.b": "a_b_2",
        "a_b_2": "a_b_2_2",
        "A-B": "a_b_3",
        "Year": "year_2",
    }


def test_long_collisions_stay_within_the_limit() -> None:
    """A number is made room for, not added beyond Glue's limit."""
    assert list(assign_names(["x" * 255, "x" * 256, "X" * 255]).values()) == [
        "x" * 255,
        "x" * 253 + "_2",
        "x" * 253 + "_3",
    ]


def test_reserved_names() -> None:
    """Partition columns always, the extra date column where there is one."""
    assert reserved_names(None) == {"year", "month", "day"}
    assert reserved_names("report_date") == {"year", "month", "day", "report_date"}
