"""Date formats: names, patterns and open ends."""

from pathlib import Path

import pytest
import yaml

from dataset_model.columns.date_formats import NUMBER_FORMATS, DateFormatText


@pytest.mark.parametrize(
    ("text", "base", "open_ended"),
    [("ISO", "ISO", False), ("ISO*", "ISO", True), ("%Y-%m-%d#*", "%Y-%m-%d#", True), ("%s", "%s", False)],
)
def test_a_star_at_the_end_is_no_part_of_the_format(text, base, open_ended):
    """`*` says that the key continues; what is before it is the format."""
    assert DateFormatText.parse(text) == DateFormatText(base, open_ended)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HUMAN_READABLE*", "HUMAN_READABLE without *, because no rule says where such a date ends"),
        ("EPOCHS", "ISO, EPOCH, EPOCH_MILLIS, HUMAN_READABLE or a strptime pattern such as %d/%m/%Y %H:%M"),
        ("*", "ISO, EPOCH, EPOCH_MILLIS, HUMAN_READABLE or a strptime pattern such as %d/%m/%Y %H:%M"),
    ],
)
def test_a_format_that_cannot_be_read_names_the_choices(text, expected):
    """A misspelt name, a lone star and a format without an end are refused."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared whole
        DateFormatText.parse(text)
    assert str(refused.value) == expected


class _Loader(yaml.SafeLoader):
    """Reads a template's intrinsic functions as plain values."""


_Loader.add_multi_constructor(
    "!", lambda loader, _, node: loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)
)  # fmt: skip


def test_a_created_index_has_number_keys_for_the_same_formats():
    """The template makes the sort key a number for EPOCH and EPOCH_MILLIS, as the model does."""
    template = yaml.load(Path("infra/template.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    compared = template["Conditions"]["IndexSortKeyNumeric"]
    assert [name for _, name in compared] == list(NUMBER_FORMATS)
