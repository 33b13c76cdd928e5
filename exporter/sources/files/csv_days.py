"""A dataset's CSV file flows in, its rows by their days flow out."""

import datetime as dt
from collections import Counter

from dataset_model import Dataset
from exporter.planning.sort_key import SortKey
from exporter.sources.files.csv_rows import CsvFile


def day_column(dataset: Dataset) -> str | None:
    """Return the column that places rows on their days; None where the dataset has no such column."""
    places = dataset.source.sort_key
    return next((column.name for column in dataset.columns if column.attribute == places), None)


def rows_by_day(file: CsvFile, dataset: Dataset, column: str, now: dt.datetime) -> Counter[dt.date]:
    """Return how many rows each day has; rows without a readable time in `column` are left out."""
    sort_key = SortKey("ISO", dataset.zone, "S", now.year + 1)
    found: Counter[dt.date] = Counter()
    for texts in file.texts(column):
        for counted in sort_key.days(texts).drop_null().value_counts():
            found[counted["values"].as_py()] += counted["counts"].as_py()
    return found
