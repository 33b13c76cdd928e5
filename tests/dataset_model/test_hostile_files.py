"""Dataset files that are made to take long, to fail, or to write into another dataset."""

import time

import pytest

from dataset_model import DatasetError, dataset_from_environment, dataset_from_text

SOURCE = "source: {table: ttt, index: iii, partition_key: kind, partition_values: [A], sort_key: at}\n"
VARIABLES = {
    "DYNAMO_TABLE_NAME": "ttt", "GSI_NAME": "iii", "GSI_PK_ATTRIBUTE": "kind", "GSI_PK_VALUE": "A",
    "GSI_SK_ATTRIBUTE": "at",
}  # fmt: skip


def _refused_within(text: str, seconds: float) -> DatasetError:
    began = time.process_time()
    with pytest.raises(DatasetError) as refused:
        dataset_from_text(text, "d.yaml")
    assert time.process_time() - began < seconds
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"key{number}: x\n" for number in range(20_000)),
        "target:\n" + "".join(f"  key{number}: x\n" for number in range(20_000)),
        "columns:\n" + "".join(f"- {{nam{number}: x}}\n" for number in range(10_000)),
        "columns: [" + "x, " * 20_000 + "]\n",
    ],
    ids=["top", "target", "columns", "texts"],
)
def test_many_unknown_fields_are_refused_quickly(text):
    """Thousands of faults take seconds of processor time, not minutes; a hundred are listed, the others counted."""
    error = _refused_within("name: d\n" + SOURCE + text, 10)
    assert len(error.faults) == 101
    assert "more" in str(error.faults[-1])


@pytest.mark.parametrize("value", ["1" + ":59" * 30_000, "9" * 30_000, "0x" + "f" * 30_000, "1e" + "9" * 30_000])
@pytest.mark.parametrize("tag", ["", "!!int ", "!!float "])
def test_long_numbers_are_refused_quickly(value, tag):
    """A sexagesimal or a number of thousands of digits is a text that is no number of minutes."""
    _refused_within(f"name: d\n{SOURCE[:-2]}, settle_minutes: {tag}'{value}'}}\n", 3)


@pytest.mark.parametrize(
    "prefix", ["a/_quarantine", "x/_queries", "a/_runs/b", "a/year=2026", "a/year=2026/month=01/day=02", "a/.hidden"]
)
def test_a_prefix_within_the_folders_of_another_dataset_is_refused(prefix):
    """Records and days of a dataset have folders of their own, which no other dataset may write into."""
    with pytest.raises(DatasetError, match="S3_PREFIX: expected an S3 prefix without folders that begin with _"):
        dataset_from_environment(VARIABLES | {"S3_PREFIX": prefix})


@pytest.mark.parametrize("prefix", ["a/b_c", "yearly/a", "a=b/c", "days/x"])
def test_other_prefixes_stay_legal(prefix):
    """An underscore or an equals sign within a name is no folder of a dataset."""
    assert dataset_from_environment(VARIABLES | {"S3_PREFIX": prefix}).target.prefix == prefix
