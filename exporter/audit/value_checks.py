"""Partition values and the manifest flow in; findings about values without rows, or without all days, flow out."""

from collections.abc import Iterator

from dataset_model import Dataset
from dataset_model.records.manifest import Manifest
from exporter.audit.inspection import Finding
from exporter.planning.owed_days import days_lacking_values
from exporter.values.numbers import canonical_number, is_number


def unknown_values(dataset: Dataset, manifest: Manifest) -> Iterator[Finding]:
    """Yield the partition values of which no published day has ever held a row: they may be misspelt."""
    held = {spelled(value) for value in manifest.seen()}
    if not held and any(record.rows for record in manifest.days.values()):
        return  # published by a release that did not count values
    for value in dataset.source.partition_values:
        if spelled(value) not in held:
            yield Finding(
                "unknown value",
                _named(dataset, value),
                "no published day has ever held a row of this partition value",
                "check its spelling and upper and lower case; `exporter discover --scan` lists the values of the index",
            )


def missing_values(dataset: Dataset, manifest: Manifest) -> Iterator[Finding]:
    """Yield the partition values that joined the dataset after days had been published without them."""
    if dataset.target.overwrite_mode == "APPEND":
        return
    for value, days in days_lacking_values(manifest, dataset.source.partition_values).items():
        reach = str(days[0]) if len(days) == 1 else f"{len(days):,} days from {days[0]} to {days[-1]}"
        yield Finding(
            "missing value",
            _named(dataset, value),
            f"added after {reach} had been published, so these days lack its items",
            f"run `exporter backfill --start {days[0]} --end {days[-1]}`",
        )


def _named(dataset: Dataset, value: str) -> str:
    return f"{' and '.join(dataset.source.partition_attributes)} = {value}"


def spelled(value: str) -> str:
    """Return one spelling for every way to write the same number; other texts as they are."""
    return canonical_number(value) if is_number(value) else value
