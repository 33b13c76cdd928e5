"""A manifest flows in, known values of small dimensions flow out, without a read."""

from dashboard.results.sample_values import COUNT, chosen
from dataset_model.records.manifest import Manifest


def known_values(manifest: Manifest | None, most: int = COUNT) -> dict[str, tuple[str, ...]]:
    """Return at most `most` values per small dimension on the newest published day, and that day."""
    last = manifest.last_day if manifest else None
    if manifest is None or last is None:
        return {}
    days = {"year": str(last.year), "month": str(last.month), "day": str(last.day)}
    known = {column: chosen(values, most) for column, values in manifest.days[last].values.items()}
    return {**known, **{column: (value,) for column, value in days.items()}}
