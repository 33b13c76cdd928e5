"""Dataset files and environment variables flow in, one validated `Dataset` flows out.

A variable wins over the file, the file over the default. All faults of both are reported in one error.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dataset_model import definition
from dataset_model.columns.column import SETTING_PATTERN
from dataset_model.columns.names import NAME_PATTERN
from dataset_model.dashboard import notices
from dataset_model.definition import Dataset
from dataset_model.derivations import wrong_uses
from dataset_model.faults import DatasetError, Fault, dotted
from dataset_model.faults import Path as FieldPath
from dataset_model.reading.consistency import contradictions, main_target
from dataset_model.reading.document import Document
from dataset_model.reading.shipped import SHIPPED_DATASETS
from dataset_model.reading.suggestions import known_field

ENVIRONMENT_FIELDS = {
    "DYNAMO_TABLE_NAME": ("source", "table"),
    "SOURCE_KIND": ("source", "kind"),
    "GSI_NAME": ("source", "index"),
    "GSI_PK_ATTRIBUTE": ("source", "partition_key"),
    "GSI_PK_VALUE": ("source", "partition_values"),
    "GSI_SK_ATTRIBUTE": ("source", "sort_key"),
    "DATE_ATTRIBUTE": ("source", "date_attribute"),
    "DATE_FORMAT": ("source", "date_format"),
    "TIME_ZONE": ("source", "time_zone"),
    "SETTLE_MINUTES": ("source", "settle_minutes"),
    "S3_PREFIX": ("target", "prefix"),
    "OVERWRITE_MODE": ("target", "overwrite_mode"),
    "EXTRA_DATE_COLUMN": ("target", "extra_date_column"),
    "QUESTION_SUFFIX": ("target", "question_suffix"),
    "ATHENA_DATABASE": ("target", "database"),
    "ATHENA_TABLE": ("target", "table"),
}
"""Variable -> the field of a dataset that it sets."""

_PATTERNS = {
    SETTING_PATTERN: "the name of a variable, such as CLIENT",
    NAME_PATTERN: "lower-case letters, digits and _, not starting with a digit",
    definition.DYNAMO_PATTERN: "3 to 255 letters, digits and _.-",
    definition.TABLE_PATTERN: "3 to 255 letters, digits and _.-, or arn:aws:dynamodb:REGION:ACCOUNT:table/NAME",
    notices.ADDRESS_PATTERN: "one address such as ana@example.com, without a name",
    notices.TIME_PATTERN: 'a time of day in quotes, from "00:00" to "23:59"',
}
"""What a pattern means to a reader."""

_EXPECTATIONS = {
    "missing": "a value",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "too_short": "at least one entry",
    "tuple_type": "a list",
    "model_type": "a mapping of fields",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
}
"""pydantic's kind of error -> what was expected, where its own message speaks of Python."""

_VARIABLE_ORDER = {name: position for position, name in enumerate(ENVIRONMENT_FIELDS)}
_VARIABLES = {path: name for name, path in ENVIRONMENT_FIELDS.items()}

MAX_FAULTS = 100
"""Faults that one error lists; it counts the others."""


def dataset_from_text(
    text: str, name: str, environment: Mapping[str, str] | None = None, *, derives: bool = False
) -> Dataset:
    """Return the dataset of a file's text, refined by the environment; `name` is how errors call the file.

    `derives`: whether the caller computes derived columns, so that an unknown derivation is a fault.
    Raises DatasetError with every fault: `contacts.yaml:12: columns[3].type: expected ...; found ...`.
    """
    from dataset_model.reading.yaml_text import read_document

    return _validated(read_document(text, name), name, environment or {}, derives=derives)


def dataset_from_environment(environment: Mapping[str, str]) -> Dataset:
    """Return the dataset that the variables alone describe; it is named after its Athena table."""
    table = environment.get("ATHENA_TABLE", "").strip()
    # A malformed table name is reported once, as ATHENA_TABLE's fault.
    document = Document({"name": table if re.fullmatch(NAME_PATTERN, table) else "gsi_export"}, {})
    return _validated(document, "environment", environment)


def load_dataset(
    reference: str | None,
    environment: Mapping[str, str],
    fetch: Callable[[str], str] | None = None,
    *,
    derives: bool = False,
) -> Dataset:
    """Return the dataset that `DATASET` names: a shipped name, a path, an `s3://` path, or None for the variables.

    `fetch` reads an `s3://` path and is the caller's, since this package has no client. `derives` as for a text.
    """
    if not reference:
        return dataset_from_environment(environment)
    if reference.startswith("s3://"):
        if fetch is None:
            raise DatasetError([Fault("environment", "DATASET", "a name or a local path", reference)])
        return dataset_from_text(fetch(reference), reference, environment, derives=derives)
    path = _path(reference)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError([Fault("environment", "DATASET", "a readable file", f"{path} ({error.strerror})")]) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            [Fault(f"{path.name}:{line}", "(file)", "text in UTF-8", f"the byte {content[error.start]:#x}")]
        ) from None
    return dataset_from_text(text, path.name, environment, derives=derives)


def load_datasets(
    references: str | None, environment: Mapping[str, str], fetch: Callable[[str], str] | None = None
) -> tuple[Dataset, ...]:
    """Return the datasets of a comma-separated `DATASET`; the variables refine a single one alone."""
    names = [name.strip() for name in (references or "").split(",") if name.strip()]
    if len(names) <= 1:
        return (load_dataset(names[0] if names else None, environment, fetch),)
    faults: list[Fault] = []
    datasets: list[Dataset] = []
    for name in names:
        try:
            datasets.append(load_dataset(name, {}, fetch))
        except DatasetError as error:
            faults += error.faults
    repeated = {dataset.name for dataset in datasets if [other.name for other in datasets].count(dataset.name) > 1}
    faults += [Fault("environment", "DATASET", "datasets with different names", name) for name in sorted(repeated)]
    faults += _shown_again(datasets)
    if faults:
        raise DatasetError(faults)
    return tuple(datasets)


def _shown_again(datasets: list[Dataset]) -> Iterator[Fault]:
    """Yield a fault for each dataset that names the table of another one and shows more of it than that one does."""
    for dataset in datasets:
        masks = {column.name: column.mask for column in dataset.columns if column.mask}
        for other in datasets:
            table = (other.target.database, other.target.table)
            if table != (dataset.target.database, dataset.target.table):
                continue
            if dataset.rows is not None and other.rows != dataset.rows:
                expected = f"{other.name} with the rows of {dataset.name}: both name table {'.'.join(table)}"
                yield Fault("environment", "DATASET", expected, other.rows)
            missing = masks.items() - {column.name: column.mask for column in other.columns}.items()
            if missing:
                names = ", ".join(sorted(name for name, _ in missing))
                yield Fault(
                    "environment", "DATASET", f"{other.name} to mask {names} as {dataset.name} does: both name table "
                    f"{'.'.join(table)}", "no such mask",
                )  # fmt: skip


def _path(reference: str) -> Path:
    if "/" in reference or reference.endswith((".yaml", ".yml")):
        return Path(reference)
    path = SHIPPED_DATASETS / f"{reference}.yaml"
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED_DATASETS.glob("*.yaml")))
        raise DatasetError([Fault("environment", "DATASET", f"a path, an s3:// path or one of: {shipped}", reference)])
    return path


def _validated(document: Document, name: str, environment: Mapping[str, str], *, derives: bool = False) -> Dataset:
    data = _overlaid(document.data, environment)
    try:
        dataset = Dataset.model_validate(data)
    except ValidationError as error:
        faults = {}
        errors = error.errors(include_url=False)
        parents = {details["loc"][:-1] for details in errors}
        for details in errors:
            if details["type"] == "inconsistent":
                continue  # added below, for a file that has other faults as well
            # A list with refused entries is "too short" as well, which is not worth reporting.
            if not (details["type"] == "too_short" and details["loc"] in parents):
                fault = _fault(details, document, name, environment)
                faults[fault.where, fault.field] = fault
        for found in contradictions(data):
            where, field = _place(found.path, document, name, environment)
            faults.setdefault((where, field), Fault(where, field, found.expected, found.found))
        raise DatasetError(_most(sorted(faults.values(), key=_order), name)) from None
    if wrong := list(wrong_uses(dataset.columns)) if derives else []:
        raise DatasetError(
            Fault(*_place(("columns", column, field), document, name, environment), expected, found)
            for column, field, expected, found in wrong
        )
    return dataset


def _most(faults: list[Fault], name: str) -> list[Fault]:
    if len(faults) <= MAX_FAULTS:
        return faults
    more = len(faults) - MAX_FAULTS
    return [*faults[:MAX_FAULTS], Fault(name, "(file)", f"at most {MAX_FAULTS} faults", f"{more:,} more")]


def _order(fault: Fault) -> tuple[str, int]:
    """Return a fault's place: lines in the order of the file, variables in the order of `ENVIRONMENT_FIELDS`."""
    file, _, line = fault.where.rpartition(":")
    if line.isdigit():
        return file, int(line)
    return fault.where, _VARIABLE_ORDER.get(fault.field, len(_VARIABLE_ORDER))


def _overlaid(data: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    result = dict(data)
    for variable, (section, field) in ENVIRONMENT_FIELDS.items():
        if value := environment.get(variable, "").strip():
            at = main_target(result) if section == "target" else (section,)
            _set(result, (*at, field), _value(variable, value))
    if isinstance(columns := result.get("columns"), list):
        result["columns"] = [_with_constant(column, environment) for column in columns]
    # Without one of these there is nothing to complain about in detail, so the model asks for each field by name.
    result.setdefault("source", {})
    return result


def _with_constant(column: Any, environment: Mapping[str, str]) -> Any:
    setting = column.get("setting") if isinstance(column, Mapping) else None
    value = environment.get(setting, "").strip() if isinstance(setting, str) else ""
    return {**column, "constant": value} if value else column


def _set(data: dict[str, Any], path: FieldPath, value: Any) -> None:
    """Set a field at a path of mappings and lists; the mappings and lists on the way are copied."""
    name, *rest = path
    if not rest:
        data[str(name)] = value
        return
    below = data.get(str(name))
    if isinstance(below, list):
        entry = dict(below[int(rest[0])])
        _set(entry, tuple(rest[1:]), value)
        data[str(name)] = [entry if at == rest[0] else other for at, other in enumerate(below)]
        return
    copied = dict(below) if isinstance(below, Mapping) else {}
    _set(copied, tuple(rest), value)
    data[str(name)] = copied


def _value(variable: str, text: str) -> Any:
    if variable == "GSI_PK_VALUE":
        return partition_values_from_text(text)
    return _list_from_text(text) if variable == "GSI_PK_ATTRIBUTE" and text.startswith("[") else text


def partition_values_from_text(text: str) -> Any:
    """Return the partition values that `GSI_PK_VALUE` names: separated by commas, or a JSON list.

    What begins like a list and is none comes back as it is, for the model to refuse.
    """
    if text.startswith("["):
        return _list_from_text(text)  # for key values that contain a comma, and for several attributes
    return [value.strip() for value in text.split(",") if value.strip()]


def _list_from_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _place(
    path: tuple[str | int, ...], document: Document, name: str, environment: Mapping[str, str]
) -> tuple[str, str]:
    at = main_target(document.data)
    section = ("target", *path[2:3]) if path[:2] == at else path[:2]
    variable = _VARIABLES.get(tuple(str(part) for part in section))  # type: ignore[arg-type]  # paths of two
    if variable and (environment.get(variable, "").strip() or name == "environment"):
        return "environment", variable
    if name == "environment":
        return name, dotted(path)
    return f"{name}:{document.line(path)}", dotted(path)


def _path_of(details: ErrorDetails) -> tuple[str | int, ...]:
    """Return where a fault is in the file: pydantic puts the kind of source between `source` and its field."""
    location = details["loc"]
    if details["type"] == "kind":
        return (*location, "kind")
    return (location[0], *location[2:]) if location[:1] == ("source",) else location


def _fault(details: ErrorDetails, document: Document, name: str, environment: Mapping[str, str]) -> Fault:
    where, field = _place(_path_of(details), document, name, environment)
    if details["type"] == "extra_forbidden":
        if field in ENVIRONMENT_FIELDS:
            return Fault(where, field, f"no value: a source of kind {details['loc'][1]} has none", details["input"])
        return Fault(where, field, known_field(details["loc"]), "an unknown one")
    expected = _EXPECTATIONS.get(details["type"], details["msg"])
    if details["type"] == "string_pattern_mismatch":
        expected = _PATTERNS.get(details["ctx"]["pattern"], expected)
    expected = expected.removeprefix("Value error, ").removeprefix("Input should be ")
    found = details["input"]
    if details["type"] == "kind":
        found = found["kind"]
    if details["type"] == "too_short" and isinstance(found, str):
        expected = _EXPECTATIONS["string_too_short"]
    if field == "GSI_PK_VALUE" and details["type"] == "tuple_type":
        expected = f"values separated by commas, or a JSON list; for this very value: {json.dumps([found])}"
    if expected.startswith(("greater than", "less than")):
        expected = f"a number {expected}"
    if details["type"] == "missing" or found is None:
        return Fault(where, field, expected)
    return Fault(
        where, field, expected, _shortened(found if isinstance(found, str) else json.dumps(found, default=str))
    )


def _shortened(text: str, length: int = 200) -> str:
    return text if len(text) <= length else f"{text[:length]}..."
