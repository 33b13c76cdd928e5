"""The results of a successful run flow in, its warnings flow out."""

from collections.abc import Iterator, Sequence

from dataset_model import Dataset
from dataset_model.columns.attribute_paths import AttributePath
from dataset_model.columns.types import STRING
from dataset_model.records.manifest import Manifest
from exporter.errors import ExportError
from exporter.planning.owed_days import days_lacking_values
from exporter.planning.removal_policy import vanished_values
from exporter.planning.window import Window
from exporter.run.account import days_text
from exporter.run.reader import Tally
from exporter.sources.base import Capabilities
from exporter.sources.description import SourceDescription
from exporter.targets.published import Published
from exporter.values.numbers import InexactDoubles


def run_warnings(dataset: Dataset, manifest: Manifest | None, done: Published, tally: Tally) -> Iterator[str]:
    """Yield the warnings of a run; `manifest` is the one that the run found."""
    vanished = vanished_values(manifest, done.days, dataset.source.partition_values, tally.answered)
    for value, rows in vanished.items():
        yield f"partition value {value} had {rows} rows on these days and has none in this run"
    yield from _lacking(dataset, manifest, done)
    inexact = dict(tally.inexact)
    for column, found in done.inexact.items():
        inexact[column] = inexact.get(column, InexactDoubles()) + found
    for column in sorted(inexact):
        yield f"column {column}: {_inexact_warning(inexact[column])}"
    for attribute, count in sorted(tally.ignored.items()):
        yield f"attribute {attribute} is not declared and was left out of {count} items"
    for day, rows in sorted(done.kept.items()):
        yield f"{day}: {rows:,} rows stay although their items are deleted ({_reason_to_keep(dataset)})"
    for day in sorted(done.overlaps):
        yield f"{day} has data of an earlier run as well; APPEND counts both"


def reading_warnings(windows: Sequence[Window], capabilities: Capabilities) -> Iterator[str]:
    """Yield a warning where a source that cannot read days alone is read once for each span of days."""
    if len(windows) > 1 and not capabilities.sorted_by_time:
        first, last = windows[0].first, windows[-1].last
        yield (
            f"everything is read {len(windows)} times, once for each span of days, because this source is not sorted "
            f"by time; `exporter backfill --force --start {first} --end {last}` would read it once"
        )


def _lacking(dataset: Dataset, manifest: Manifest | None, done: Published) -> Iterator[str]:
    """Yield a warning for each partition value that was added after days had been published."""
    if dataset.target.overwrite_mode == "APPEND":
        return
    for value, days in days_lacking_values(manifest, dataset.source.partition_values).items():
        left = [day for day in days if day not in done.days]
        again = "; this run has read its items"
        if left:
            named = "these days lack" if len(left) == len(days) else f"{days_text(left)} still lack"
            again = f", so {named} its items; run `exporter backfill --start {left[0]} --end {left[-1]}`"
        yield f"partition value {value} was added after {days_text(days)} had been published{again}"


def _reason_to_keep(dataset: Dataset) -> str:
    retention = dataset.retention
    return "keep_deleted" if retention.keep_deleted else f"expires_after_days {retention.expires_after_days}"


def _inexact_warning(found: InexactDoubles) -> str:
    counted = f"{found.count:,} numbers are" if found.count > 1 else "1 number is"
    digits, wanted = found.digits, found.digits.type
    if wanted == STRING:
        span = f"{digits.whole} digits before the point and {digits.decimals} after it"
        return f"{counted} not exact as double; declare it string, because no decimal holds {span}"
    return f"{counted} not exact as double; declare it {wanted}, which holds them and those read with them"


def projection_warnings(dataset: Dataset, description: SourceDescription) -> Iterator[str]:
    """Yield a warning if an index omits attributes; raise ExportError if it omits one that the dataset declares."""
    if description.projected is None:
        return
    index = dataset.source.index
    needed = [text for column in dataset.columns for text in column.read_attributes]
    missing = [text for text in needed if AttributePath.parse(text).root not in description.projected]
    if missing:
        raise ExportError(
            f"index {index} does not carry {', '.join(missing)}, which the dataset declares, so every row would lack "
            "them. Project them into the index, or remove the columns."
        )
    carried = ", ".join(sorted(description.projected))
    yield f"index {index} carries only {carried}; other attributes are not exported"
