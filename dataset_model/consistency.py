"""Rules that span several fields of a dataset.

They read plain, possibly malformed data, so that a file's spelling faults and contradictions are reported together.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataset_model.attribute_paths import AttributePath, Step
from dataset_model.names import reserved_names
from dataset_model.partitions import PARTITION_COLUMNS

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Inconsistency:
    """A contradiction at one path of a dataset file."""

    path: Path
    expected: str
    found: str | None


def inconsistencies(data: Mapping[str, Any]) -> list[Inconsistency]:
    """Return every contradiction in a dataset's raw data; fields of a wrong shape are left to the model."""
    columns = [(index, column) for index, column in enumerate(_list(data, "columns")) if isinstance(column, Mapping)]
    extra = _mapping(data, "target").get("extra_date_column")
    found = list(_repeated(columns, "name", "a name that no other column has"))
    found += _repeated(columns, "attribute", "an attribute that no other column has", _steps)
    found += _reserved(columns, extra if isinstance(extra, str) else None, data.get("undeclared"))
    if extra in PARTITION_COLUMNS:
        expected = f"a name other than {', '.join(sorted(PARTITION_COLUMNS))}, which the partitions have"
        found.append(Inconsistency(("target", "extra_date_column"), expected, str(extra)))
    source = _mapping(data, "source")
    found += _formats(columns, source.get("date_attribute" if source.get("kind") == "scan" else "sort_key"))
    found += _key_values(source)
    found += _dashboard(data, {column.get("name") for _, column in columns} | {extra})
    return found


def _repeated(
    columns: list[tuple[int, Mapping[str, Any]]],
    field: str,
    expected: str,
    meaning: Callable[[str], Hashable] = str,
) -> Iterator[Inconsistency]:
    seen: set[Hashable] = set()
    for index, column in columns:
        value = column.get(field)
        if isinstance(value, str):
            if meaning(value) in seen:
                yield Inconsistency(("columns", index, field), expected, value)
            seen.add(meaning(value))


def _steps(attribute: object) -> tuple[Step, ...]:
    try:
        return AttributePath.parse(str(attribute)).steps
    except ValueError:
        return (str(attribute),)


def _reserved(
    columns: list[tuple[int, Mapping[str, Any]]], extra_date_column: str | None, undeclared: object
) -> Iterator[Inconsistency]:
    reserved = reserved_names(extra_date_column) | ({"extra"} if undeclared == "extra" else set())
    for index, column in columns:
        if column.get("name") in reserved:
            expected = f"a name other than {', '.join(sorted(reserved))}, which the product fills itself"
            yield Inconsistency(("columns", index, "name"), expected, str(column["name"]))


def _formats(columns: list[tuple[int, Mapping[str, Any]]], sort_key: object) -> Iterator[Inconsistency]:
    for index, column in columns:
        if column.get("format") is None:
            continue
        if column.get("type") not in {"timestamp", "date"}:
            expected = "no format, or the type timestamp or date"
        elif _steps(column.get("attribute")) == (sort_key,):
            expected = "no format: the sort key is read by source.date_format"
        else:
            continue
        yield Inconsistency(("columns", index, "format"), expected, str(column["format"]))


def _key_values(source: Mapping[str, Any]) -> Iterator[Inconsistency]:
    values = [str(value) for value in _list(source, "partition_values")]
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Inconsistency(("source", "partition_values", index), "each value once: it would be read twice", value)
    partition_key = source.get("partition_key")
    attributes = partition_key if isinstance(partition_key, list | tuple) else [partition_key]
    if source.get("sort_key") is not None and source.get("sort_key") in attributes:
        yield Inconsistency(
            ("source", "sort_key"), "an attribute other than the partition key", str(source["sort_key"])
        )


def _dashboard(data: Mapping[str, Any], known: set[Any]) -> Iterator[Inconsistency]:
    if not _list(data, "columns"):
        return  # the columns are learned from the data, so nothing can be checked here
    section = _mapping(data, "dashboard")
    expected = "a declared column"
    for place, name in _named_columns(section):
        if name not in known:
            yield Inconsistency(("dashboard", *place), expected, name)
    for index, card in enumerate(_list(section, "cards")):
        if not isinstance(card, Mapping):
            continue
        column = card.get("column")
        if isinstance(column, str) and column not in known:
            yield Inconsistency(("dashboard", "cards", index, "column"), expected, column)
        if card.get("measure", "rows") != "rows" and column is None:
            yield Inconsistency(("dashboard", "cards", index, "column"), "the column to measure", None)
    for index, chart in enumerate(_list(section, "charts")):
        by = chart.get("by") if isinstance(chart, Mapping) else None
        if isinstance(by, str) and by != "day" and by not in known:
            yield Inconsistency(("dashboard", "charts", index, "by"), f"day or {expected}", by)


def _named_columns(section: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the places of the dashboard section that name a column directly: roles and dimensions."""
    for field in ("entity", "agent", "channel", "initiation_method"):
        if isinstance(section.get(field), str):
            yield (field,), section[field]
    for index, column in enumerate(_list(section, "dimensions")):
        if isinstance(column, str):
            yield ("dimensions", index), column


def _mapping(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = data.get(field)
    return value if isinstance(value, Mapping) else {}


def _list(data: Mapping[str, Any], field: str) -> list[Any]:
    value = data.get(field)
    return list(value) if isinstance(value, list | tuple) else []
