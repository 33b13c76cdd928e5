"""Columns with the text of a setting in every row."""

import pytest

from dataset_model import DatasetError, dataset_from_text

HEAD = "name: calls\nsource: {kind: scan, table: calls, date_attribute: at}\ncolumns:\n"
CLIENT = "- {name: client, attribute: client, setting: CLIENT, type: string}\n"


def constant(environment: dict[str, str]) -> str | None:
    return dataset_from_text(HEAD + CLIENT, "calls.yaml", environment).columns[0].constant


def test_a_setting_gives_the_text_of_every_row():
    """The variable CLIENT is the column's text; without it, or while it is blank, the attribute's value counts."""
    assert constant({"CLIENT": "north-retail"}) == "north-retail"
    assert constant({}) is None
    assert constant({"CLIENT": "  "}) is None


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (
            "{name: n, attribute: n, setting: client, type: string}",
            "columns[0].setting: expected the name of a variable, such as CLIENT; found 'client'",
        ),
        (
            "{name: n, attribute: n, setting: CLIENT, type: bigint}",
            "columns[0].setting: expected no setting, or the type string; found 'CLIENT'",
        ),
        (
            "{name: n, attribute: n, constant: '5', type: bigint}",
            "columns[0].constant: expected no constant, or the type string; found '5'",
        ),
        (
            "{name: n, derive: conversation.messages, from: [m], setting: CLIENT, type: string}",
            "columns[0].setting: expected no setting, which belongs to an attribute; found 'CLIENT'",
        ),
    ],
)
def test_a_wrong_setting_is_refused(column, fault):
    """A setting is a variable's name, of a column of text with an attribute."""
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(f"{HEAD}- {column}\n", "calls.yaml")
    assert f"calls.yaml:4: {fault}" in str(refused.value).splitlines()
