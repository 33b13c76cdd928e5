"""What is looked at before anything is read or paid for. Pure."""

from datasets import Dataset
from exporter.errors import SourceError
from exporter.source import IndexDescription


def projection_warning(dataset: Dataset, description: IndexDescription) -> str | None:
    """Return what to know of an index that does not carry every attribute, or None for one that does.

    Raises SourceError where it lacks an attribute that the dataset declares: every row would lack it.
    """
    if description.projected is None:
        return None
    source = dataset.source
    missing = [column.attribute for column in dataset.columns if column.attribute not in description.projected]
    if missing:
        raise SourceError(
            f"index {source.index} does not carry {', '.join(missing)}, which the dataset declares, so every row "
            "would lack them. Project them into the index, or remove the columns."
        )
    carried = ", ".join(sorted(description.projected))
    return f"index {source.index} carries only {carried}; other attributes are not exported"
