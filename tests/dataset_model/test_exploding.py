"""`explode` in a dataset file: what needs it, and what does not go with it."""

import pytest

from dataset_model import DatasetError, dataset_from_text

FILE = """\
name: d
source: {table: ttt, index: iii, partition_key: kind, partition_values: [A], sort_key: at}
undeclared: ignore
explode: messages
columns:
- {name: role, attribute: "messages[*].role", type: string}
"""


def test_a_file_with_a_row_for_each_element():
    """The list is named as an attribute is; a dot in its name stands behind a backslash."""
    assert dataset_from_text(FILE, "d.yaml").exploded == "messages"
    dotted = FILE.replace("explode: messages", r"explode: a\.b").replace('"messages[*].role"', r"'a\.b[*].role'")
    assert dataset_from_text(dotted, "d.yaml").exploded == "a.b"
    assert dataset_from_text(FILE.replace("explode: messages\n", "").replace("[*]", ""), "d.yaml").exploded is None


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "explode: messages\n",
            "",
            r"columns\[0\].attribute: expected an attribute of the item, or `explode: messages`",
        ),
        ("explode: messages", "explode: others", r"columns\[0\].attribute: expected .* `explode: messages`"),
        ("explode: messages", "explode: a.b", "explode: expected the name of an attribute that is a list"),
        ("explode: messages", "explode: messages[*]", "explode: expected the name of an attribute that is a list"),
        (
            '"messages[*].role"',
            "messages",
            r"columns\[0\].attribute: expected a value of one element, such as messages",
        ),
        ('"messages[*].role"', '"messages[0].role"', r"columns\[0\].attribute: expected a value of one element"),
        ("undeclared: ignore\n", "", "undeclared: expected extra or ignore"),
        ("sort_key: at", "sort_key: messages", "source.sort_key: expected an attribute other than the one of explode"),
        ("partition_key: kind", "partition_key: messages", "source.partition_key: expected an attribute other than"),
        (
            "undeclared: ignore",
            "undeclared: ignore\ntarget: {overwrite_mode: APPEND}",
            "overwrite_mode: expected OVERW",
        ),
        ("undeclared: ignore", "undeclared: ignore\nretention: {keep_deleted: true}", "keep_deleted: expected false"),
        (
            'attribute: "messages[*].role", type: string',
            "derive: conversation.messages, from: [messages], type: bigint",
            r"columns\[0\].derive: expected no derive in a file with explode",
        ),
    ],
)
def test_what_does_not_go_with_it_is_named(old, new, fault):
    """Each with its place and what is expected there."""
    assert old in FILE
    with pytest.raises(DatasetError, match=fault):
        dataset_from_text(FILE.replace(old, new), "d.yaml")
