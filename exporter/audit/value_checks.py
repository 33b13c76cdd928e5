"""Partition values and the manifest flow in; findings about values without rows flow out."""

from collections.abc import Iterator

from dataset_model import Dataset
from dataset_model.manifest import Manifest
from exporter.audit.inspection import Finding
from exporter.values.numbers import canonical_number, is_number


def unknown_values(dataset: Dataset, manifest: Manifest) -> Iterator[Finding]:
    """Yield the partition values of which no published day has ever held a row: they may be misspelt."""
    held = {
        spelled(value)
        for record in manifest.days.values()
        for value, rows in record.rows_by_partition_value.items()
        if rows
    }
    if not held:
        return  # nothing is published, or by a release that did not count values
    for value in dataset.source.partition_values:
        if spelled(value) not in held:
            yield Finding(
                "unknown value",
                f"{dataset.source.partition_key} = {value}",
                "no published day has ever held a row of this partition value",
                "check its spelling and upper and lower case; `exporter discover --scan` lists the values of the index",
            )


def spelled(value: str) -> str:
    """Return one spelling for every way to write the same number; other texts as they are."""
    return canonical_number(value) if is_number(value) else value
