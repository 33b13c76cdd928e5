"""The folder of dataset files that come with this package."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def _folder() -> Path:
    """Return `shipped/` of an installed wheel, else `datasets/` of the repository.

    A wheel must not own a top-level folder `datasets`: a well-known package has that name.
    """
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent / "datasets"


SHIPPED_DATASETS = _folder()
DATASET_SCHEMA_FILE = SHIPPED_DATASETS / "dataset.schema.json"
