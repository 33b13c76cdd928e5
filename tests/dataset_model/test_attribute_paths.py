"""`attribute:` of a column: names, paths, and names that look like paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import dataset_from_text
from dataset_model.columns.attribute_paths import AttributePath, attribute_text, exploded_list


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("agent", ("agent",)),
        ("payload.agentId", ("payload", "agentId")),
        ("scores.urgency.score", ("scores", "urgency", "score")),
        ("items[0].sku", ("items", 0, "sku")),
        ("matrix[1][20]", ("matrix", 1, 20)),
        ("items.0.sku", ("items", "0", "sku")),
        (r"payload\.agentId", ("payload.agentId",)),
        (r"a\.b.c\.d", ("a.b", "c.d")),
        (r"tags\[]", ("tags[]",)),
        (r"C:\dir", (r"C:\dir",)),
        (r"C:\\dir", (r"C:\dir",)),
        (r"a\\.b", ("a\\", "b")),
        ("Grüße an.Łódź 😀", ("Grüße an", "Łódź 😀")),
        ("messages[*].role", ("messages[*].role",)),
        ("messages[*].meta.tags[0]", ("messages[*].meta", "tags", 0)),
        ("messages[*]", ("messages[*]",)),
        ("messages[*][1]", ("messages[*]", 1)),
        ("messages[#]", ("messages[#]",)),
        (r"a\.b[*].c\.d", ("a.b[*].c.d",)),
    ],
)
def test_a_path_has_a_step_for_each_name_and_index(text, steps):
    """Dots and brackets separate steps; behind a backslash they belong to the name."""
    assert AttributePath.parse(text).steps == steps


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "[0]",
        "a[",
        "a[]",
        "a[x]",
        "a[-1]",
        "a[0]b",
        "a[0",
        "a.[0]",
        "a[9999999999]",
        "[*]",
        "a[*].",
        "a.b[*]",
        "a[#].b",
        "a[*][*]",
    ],
)
def test_what_is_no_path_is_refused(text):
    """An empty step, or a bracket without a position, is a fault and not the name of something."""
    with pytest.raises(ValueError, match="a path such as payload"):
        AttributePath.parse(text)


@given(st.text(min_size=1))
def test_any_name_can_be_written(name):
    """Every attribute can be declared, whatever characters its name has."""
    assert AttributePath.parse(attribute_text(name)).steps == (name,)


def test_two_columns_of_one_attribute_are_a_fault_however_it_is_spelled():
    r"""`a\b` and `a\\b` name the same attribute."""
    text = (
        "name: d\nsource: {table: ttt, index: iii, partition_key: kind, partition_values: [A], sort_key: at}\n"
        "columns:\n- {name: x, attribute: a\\b, type: string}\n- {name: y, attribute: a\\\\b, type: string}\n"
    )
    with pytest.raises(ValueError, match=r"columns\[1\].attribute: expected an attribute that no other column has"):
        dataset_from_text(text, "d.yaml")


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("messages[*].role", "messages"),
        ("messages[#]", "messages"),
        (r"a\.b[*]", "a.b"),
        ("messages", None),
        (r"messages\[*]", None),
        ("messages[0].role", None),
        ("", None),
    ],
)
def test_a_path_names_the_list_that_it_reads_element_by_element(text, listed):
    """Behind a backslash the bracket belongs to a name."""
    assert exploded_list(text) == listed
