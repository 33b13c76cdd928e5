"""Rules that span several fields of a dataset.

They read plain, possibly malformed data, so that a file's spelling faults and contradictions are reported together.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from dataset_model.columns.attribute_paths import AttributePath, Step
from dataset_model.columns.names import reserved_names
from dataset_model.dashboard.consistency import contradictions_of_dashboard, declared_types
from dataset_model.dashboard.row_rule import row_rule_from
from dataset_model.faults import Contradiction, Path
from dataset_model.plain_data import list_in, mapping_in
from dataset_model.reading.exploding import exploding
from dataset_model.reading.hashable_data import hashable
from dataset_model.reading.source_kinds import base_of, kinds_in
from dataset_model.targets.partitions import PARTITION_COLUMNS
from dataset_model.targets.target import Target


def contradictions(raw: Mapping[str, Any]) -> list[Contradiction]:
    """Return every contradiction in a dataset's raw data; fields of a wrong shape are left to the model."""
    data: Mapping[str, Any] = hashable(raw)
    columns = [(index, column) for index, column in enumerate(list_in(data, "columns")) if isinstance(column, Mapping)]
    at = main_target(data)
    extra = _at(data, at).get("extra_date_column")
    found = list(_repeated(columns, "name", "a name that no other column has"))
    found += _repeated(columns, "attribute", "an attribute that no other column has", _steps)
    found += _origins(columns)
    found += _constants(columns)
    found += _reserved(columns, extra if isinstance(extra, str) else None, data.get("undeclared"))
    if extra in PARTITION_COLUMNS:
        expected = f"a name other than {', '.join(sorted(PARTITION_COLUMNS))}, which the partitions have"
        found.append(Contradiction((*at, "extra_date_column"), expected, str(extra)))
    source = mapping_in(data, "source")
    found += _formats(columns, source.get("date_attribute" if base_of(source) == "scan" else "sort_key"))
    found += _key_values(source)
    found += _ways_in(data, source, _at(data, at))
    found += _targets(data)
    found += contradictions_of_dashboard(data, extra)
    found += _masks(columns, source.get("partition_key"))
    found += _rows(data)
    found += exploding(data, columns)
    return found


def _ways_in(data: Mapping[str, Any], source: Mapping[str, Any], target: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Yield the ways in that a dataset cannot have, because changes do not apply to its files or rows."""
    changing = [kind for kind in kinds_in(source.get("kind")) if kind in {"changes", "stream"}]
    for kind in changing:
        if target.get("overwrite_mode") == "APPEND":
            yield Contradiction(("source", "kind"), f"no {kind} with overwrite_mode APPEND: a day is many files", kind)
        elif kind == "stream" and data.get("explode"):
            yield Contradiction(("source", "kind"), "no stream with explode: an item is many rows", kind)


def _repeated(
    columns: list[tuple[int, Mapping[str, Any]]],
    field: str,
    expected: str,
    meaning: Callable[[str], Hashable] = str,
) -> Iterator[Contradiction]:
    seen: set[Hashable] = set()
    for index, column in columns:
        value = column.get(field)
        if isinstance(value, str) and value:
            if meaning(value) in seen:
                yield Contradiction(("columns", index, field), expected, value)
            seen.add(meaning(value))


def _origins(columns: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Contradiction]:
    """Yield columns without an origin, or with two, or with half of one."""
    seen: list[tuple[object, ...]] = []
    for index, column in columns:
        derive, inputs, attribute = column.get("derive"), column.get("from"), column.get("attribute")
        if not derive:
            if not attribute:
                expected = "an attribute or a path, or derive and from"
                yield Contradiction(("columns", index, "attribute"), expected, attribute)
            if inputs:
                yield Contradiction(("columns", index, "from"), "no from without derive", str(inputs))
            continue
        if attribute:
            yield Contradiction(("columns", index, "attribute"), "either attribute or derive", "both")
        if column.get("format") is not None:
            expected = "no format, which belongs to an attribute's text"
            yield Contradiction(("columns", index, "format"), expected, str(column["format"]))
        if not inputs:
            yield Contradiction(("columns", index, "from"), "the attributes that derive is given, as a list", None)
        elif (origin := (derive, *list_in(column, "from"))) in seen:
            yield Contradiction(("columns", index, "derive"), "a derivation that no other column has", str(derive))
        else:
            seen.append(origin)


def _constants(columns: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Contradiction]:
    """Yield columns of one text in every row that are not of the type string, or that are derived as well."""
    for index, column in columns:
        for field in ("setting", "constant"):
            if column.get(field) is None:
                continue
            if column.get("derive"):
                expected = f"no {field}, which belongs to an attribute"
            elif column.get("type") != "string":
                expected = f"no {field}, or the type string"
            else:
                continue
            yield Contradiction(("columns", index, field), expected, str(column[field]))


def _steps(attribute: object) -> tuple[Step, ...]:
    try:
        return AttributePath.parse(str(attribute)).steps
    except ValueError:
        return (str(attribute),)


def _reserved(
    columns: list[tuple[int, Mapping[str, Any]]], extra_date_column: str | None, undeclared: object
) -> Iterator[Contradiction]:
    reserved = reserved_names(extra_date_column) | ({"extra"} if undeclared == "extra" else set())
    for index, column in columns:
        if column.get("name") in reserved:
            expected = f"a name other than {', '.join(sorted(reserved))}, which the product fills itself"
            yield Contradiction(("columns", index, "name"), expected, str(column["name"]))


def _formats(columns: list[tuple[int, Mapping[str, Any]]], sort_key: object) -> Iterator[Contradiction]:
    for index, column in columns:
        if column.get("format") is None:
            continue
        if column.get("type") not in {"timestamp", "date"}:
            expected = "no format, or the type timestamp or date"
        elif _steps(column.get("attribute")) == (sort_key,):
            expected = "no format: the sort key is read by source.date_format"
        else:
            continue
        yield Contradiction(("columns", index, "format"), expected, str(column["format"]))


def _key_values(source: Mapping[str, Any]) -> Iterator[Contradiction]:
    values = [str(value) for value in list_in(source, "partition_values")]
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Contradiction(("source", "partition_values", index), "each value once: it would be read twice", value)
    partition_key = source.get("partition_key")
    attributes = partition_key if isinstance(partition_key, list | tuple) else [partition_key]
    if source.get("sort_key") is not None and source.get("sort_key") in attributes:
        yield Contradiction(
            ("source", "sort_key"), "an attribute other than the partition key", str(source["sort_key"])
        )


_OF_PARQUET = ("extra_date_column", "extra_date_type", "overwrite_mode", "question_suffix")
_OF_FILES = ("path", "manifest", "shows_masked")
_DATABASE, _TABLE = (Target.model_fields[name].default for name in ("database", "table"))
_SAMPLE_DAY = dt.date(2026, 12, 31)


def main_target(data: Mapping[str, Any]) -> Path:
    """Return where a dataset's raw data declare the Parquet target: at `target`, or at an entry of `targets`."""
    for index, entry in enumerate(list_in(data, "targets")):
        if isinstance(entry, Mapping) and entry.get("format", "parquet") == "parquet":
            return "targets", index
    return ("target",)


def _targets(data: Mapping[str, Any]) -> Iterator[Contradiction]:
    if not list_in(data, "targets"):
        found = mapping_in(data, "target").get("format", "parquet")
        if found != "parquet":
            expected = "parquet: ndjson and csv are further entries of targets"
            yield Contradiction(("target", "format"), expected, str(found))
        yield from _of_other_format(("target",), mapping_in(data, "target"))
        return
    main = main_target(data)
    entries = [(index, entry) for index, entry in enumerate(list_in(data, "targets")) if isinstance(entry, Mapping)]
    if main == ("target",):
        expected = "one entry of format parquet: records, Athena and the dashboard need it"
        yield Contradiction(("targets",), expected, ", ".join(str(entry.get("format")) for _, entry in entries))
    elif data.get("target") not in (None, _at(data, main)) and data["target"] != {}:
        yield Contradiction(("target",), "either target or targets", "both")
    for index, entry in entries:
        is_parquet = entry.get("format", "parquet") == "parquet"
        if is_parquet and ("targets", index) != main:
            yield Contradiction(("targets", index, "format"), "one entry of format parquet", "a second one")
        yield from _of_other_format(("targets", index), entry)
    if any(("targets", index) != main for index, _ in entries) and not list_in(data, "columns"):
        expected = "columns, which give ndjson and csv the same keys in every file"
        yield Contradiction(("columns",), expected, None)
    yield from _in_clear(data, entries)
    yield from _places(data, entries)


def _in_clear(data: Mapping[str, Any], entries: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Contradiction]:
    """Yield targets that would show masked columns in clear without saying so."""
    columns = [column for column in list_in(data, "columns") if isinstance(column, Mapping)]
    masked = [str(column.get("name")) for column in columns if column.get("mask")]
    for index, entry in entries:
        said = entry.get("shows_masked")
        if masked and entry.get("format", "parquet") != "parquet" and said is not True:
            expected = f"true: a file has no masks, and shows {', '.join(masked)} in clear to all its readers"
            yield Contradiction(("targets", index, "shows_masked"), expected, None if said is None else "false")


def _of_other_format(place: Path, entry: Mapping[str, Any]) -> Iterator[Contradiction]:
    is_parquet = entry.get("format", "parquet") == "parquet"
    for field in _OF_FILES if is_parquet else _OF_PARQUET:
        if entry.get(field) not in (None, "OVERWRITE"):
            expected = f"no {field}, which only {'ndjson and csv have' if is_parquet else 'parquet has'}"
            found = entry[field]
            yield Contradiction(
                (*place, field), expected, str(found).lower() if isinstance(found, bool) else str(found)
            )


def _places(data: Mapping[str, Any], entries: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Contradiction]:
    """Yield targets with files at the same place, or among the files of Parquet, or without folders for a table."""
    name, root = str(data.get("name")), str(_at(data, main_target(data)).get("prefix", Target().prefix)).strip("/")
    keys: set[str] = set()
    parquet = _at(data, main_target(data))
    tables = {(parquet.get("database", _DATABASE), parquet.get("table", _TABLE))}
    for index, entry in entries:
        target = _valid_target(entry)
        if target is None or target.format == "parquet":
            continue
        place: Path = ("targets", index, "path" if entry.get("path") else "prefix")
        key, folder = target.key(name, _SAMPLE_DAY), target.folder(name)
        if f"{folder}/".startswith(f"{root}/") or f"{root}/".startswith(f"{folder}/"):
            expected = f"another folder than that of the Parquet files, {root}, and neither inside the other"
            yield Contradiction(place, expected, folder)
        elif key in keys:
            yield Contradiction(place, "a path that no other target has", target.pattern)
        keys.add(key)
        table = (entry.get("database", parquet.get("database", _DATABASE)), entry.get("table"))
        if target.has_table and table in tables:
            yield Contradiction(("targets", index, "table"), "a table that no other target has", str(entry["table"]))
        tables.add(table)
        if target.has_table and not target.is_partitioned:
            expected = "a path that ends with year={year}/month={month}/day={day}/ and a file, because of table"
            yield Contradiction(place, expected, target.pattern)


def _valid_target(entry: Mapping[str, Any]) -> Target | None:
    try:
        return Target.model_validate(entry)
    except ValidationError:
        return None  # which is another finding


def _at(data: Mapping[str, Any], place: Path) -> Mapping[str, Any]:
    found: Any = data
    for step in place:
        found = found[step] if isinstance(step, int) else found.get(step, {})
    return found if isinstance(found, Mapping) else {}


_UNMASKABLE = {
    "hash": ({"boolean", "double"}, "hidden: a boolean or double column has values that a digest does not hide"),
    "last4": ({"double", "boolean", "timestamp", "date", "json"}, "hash or hidden: last4 is for texts and numbers"),
}
"""Mask -> the types that it does not fit, and what to write instead."""


def _masks(columns: list[tuple[int, Mapping[str, Any]]], partition_key: object) -> Iterator[Contradiction]:
    keys = partition_key if isinstance(partition_key, list | tuple) else [partition_key]
    for index, column in columns:
        mask = column.get("mask")
        if mask is None:
            continue
        types, expected = _UNMASKABLE.get(str(mask), (set(), ""))
        if str(column.get("type")).split("(")[0] in types:
            yield Contradiction(("columns", index, "mask"), expected, str(mask))
        if not column.get("derive") and _steps(column.get("attribute"))[0] in keys:
            expected = "no mask: the values of the partition key stand in the records of every run"
            yield Contradiction(("columns", index, "mask"), expected, str(mask))


def _rows(data: Mapping[str, Any]) -> Iterator[Contradiction]:
    rule = data.get("rows")
    if not isinstance(rule, str):
        return
    try:
        row_rule_from(rule, declared_types(data))
    except ValueError as error:
        expected, _, found = str(error).rpartition("; found ")
        yield Contradiction(("rows",), f"{expected} at {found}", rule)
