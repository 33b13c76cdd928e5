"""A proposal flows in; a new dataset file, or an existing file with corrections, flows out."""

import datetime as dt
import difflib
import json
import re
from dataclasses import replace
from typing import Literal

from dataset_model import Dataset, Source
from dataset_model.columns.attribute_paths import attribute_text
from dataset_model.columns.date_formats import natural_type
from dataset_model.reading.document import Document
from dataset_model.reading.yaml_text import read_document
from exporter.decoding.timestamps import Clock
from exporter.discovery.naming import plain_column_name, title
from exporter.discovery.profile import Sampled
from exporter.discovery.proposal import Proposal, ProposedColumn, contradiction, proposed_type
from exporter.discovery.yaml_patch import Revision
from exporter.planning.sort_key import SortKey

_PLAIN = re.compile(r"[A-Za-z_%][A-Za-z0-9_%/.:-]*(?: [A-Za-z0-9_%/.:-]+)*")
_WORDS = {"true", "false", "null"}
_MOST_SHOWN = 3
_SAMPLE = {True: "the first and the last page of each partition value", False: "the first page of some segments"}
"""Whether an index was sampled -> what was looked at."""


def proposal_text(found: Proposal, schema_path: str) -> str:
    """Return a dataset file; `schema_path` is where editors find its JSON Schema, seen from the file."""
    lines = [
        f"# yaml-language-server: $schema={schema_path}",
        f"# Proposed from {found.items:,} items, {_SAMPLE[bool(found.keys.index)]}. Read it, correct",
        "# it, add titles, units and descriptions: a declared type is law for what follows.",
        f"name: {found.name}",
        f"title: {_scalar(title(found.name))}",
        "",
        "source:",
        *_keys(found),
        f"  date_format: {_scalar(found.date_format)}  # {_comment(found.date_reason)}",
        "  time_zone: UTC  # of the day, and of times that carry no zone: set the zone in which people count days",
        "",
        "columns:",
        *(line for column in found.columns for line in _column(column)),
        "",
        "undeclared: add",
        "",
        "target:",
        f"  prefix: {found.name.replace('_', '-').strip('-') or 'data'}",
        f"  table: {found.name}",
        "",
        *_dashboard(found),
    ]
    return "\n".join(lines) + "\n"


def _keys(found: Proposal) -> list[str]:
    keys, values = found.keys, ", ".join(_scalar(value) for value in found.partition_values)
    if not keys.index:
        is_natural = keys.sort_key_type == natural_type(found.date_format)
        return [
            "  kind: scan  # the whole table is read; an index by time reads its days alone",
            f"  table: {_scalar(keys.table)}",
            f"  date_attribute: {_scalar(keys.sort_key)}",
            *([] if is_natural else [f"  date_type: {keys.sort_key_type}"]),
        ]
    return [
        f"  table: {_scalar(keys.table)}",
        f"  index: {_scalar(keys.index)}",
        f"  partition_key: {_scalar(keys.partition_key)}",
        f"  partition_values: [{values}]  # {_comment(found.values_reason)}",
        f"  sort_key: {_scalar(keys.sort_key)}",
    ]


def revised_text(text: str, dataset: Dataset, found: Proposal, sample: Sampled) -> str:
    """Return an existing file with what the sample contradicts corrected, and with what it lacks added.

    Everything else stays as it was written: names, descriptions, order, comments, and types that hold what was seen.
    """
    document = read_document(text, dataset.name)
    revision = Revision(text, document)
    source = dataset.source
    kind: Literal["S", "N"] = "N" if found.keys.sort_key_type == "N" else "S"
    sort_key = SortKey(source.date_format, dataset.zone, kind, dt.MAXYEAR)
    for at, declared in enumerate(dataset.columns):
        if declared.derive:
            continue
        profile = sample.profile(declared.path)
        if profile is None or declared.path.steps == (dataset.source.sort_key,):
            continue
        reason = contradiction(declared.type, profile, Clock(sort_key, date_format=declared.format))
        if reason is not None:
            wanted, _ = proposed_type(declared.attribute, profile)
            in_braces = document.spans["columns", at].in_brackets  # where a comma would end the value
            spelled = _scalar(str(wanted)) if in_braces else str(wanted)
            revision.replace(("columns", at, "type"), spelled, _comment(reason))
    _revise_source(revision, document, dataset.source, found)
    of_attributes = [column for column in dataset.columns if not column.derive]
    known = {column.path.root for column in of_attributes if not column.path.is_nested}
    taken = {column.name for column in dataset.columns}
    # The file's own spelling: an undeclared attribute may be published under it already.
    renamed = [replace(column, name=plain_column_name(column.attribute)) for column in found.columns]
    new = [column for column in renamed if column.attribute not in known and column.name not in taken]
    columns = document.spans.get(("columns",))
    if new and dataset.undeclared == "add" and columns and not columns.in_brackets:
        indent = " " * columns.column
        revision.append_lines(("columns",), [line for column in new for line in _column(column, indent)])
    return revision.text()


def difference(before: str, after: str, name: str) -> str:
    """Return a unified diff; empty where nothing would change."""
    parts = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (proposed)"
    )
    return "".join(parts)


def _column(column: ProposedColumn, indent: str = "  ") -> list[str]:
    lines = [
        f"{indent}- name: {column.name}",
        f"{indent}  attribute: {_scalar(attribute_text(column.attribute))}",
        f"{indent}  type: {column.type}  # {_comment(column.reason)}",
    ]
    if column.role:
        lines.append(f"{indent}  role: {column.role}  # {_comment(column.role_reason)}")
    if column.mask:
        lines.append(f"{indent}  mask: {column.mask}  # looks personal: people without the right unmask see no value")
    return lines


def _dashboard(found: Proposal) -> list[str]:
    """Return the section: what is counted, a card per measure, and a chart by day and by each dimension."""
    keys = [column.name for column in found.columns if column.role == "key"]
    measures = [column.name for column in found.columns if column.role == "measure"]
    dimensions = [column.name for column in found.columns if column.role == "dimension"]
    lines = ["dashboard:  # what the first page shows: keep what people ask for"]
    if len(keys) == 1:
        lines.append(f"  entity: {keys[0]}  # counted once in unique")
    lines += ["  cards:", "    - {label: Rows, measure: rows}"]
    lines += [
        f"    - {{label: {_scalar(f'Total {title(name).lower()}')}, measure: sum, column: {name}}}"
        for name in measures[:_MOST_SHOWN]
    ]
    lines += ["  charts:", "    - {title: Rows per day, kind: bar, by: day}"]
    lines += [
        f"    - {{title: {_scalar(f'Rows by {title(name).lower()}')}, kind: doughnut, by: {name}}}"
        for name in dimensions[:_MOST_SHOWN]
    ]
    return lines


def _revise_source(revision: Revision, document: Document, source: Source, found: Proposal) -> None:
    if found.items and found.date_format != source.date_format:
        wanted, reason = _scalar(found.date_format), _comment(found.date_reason)
        if ("source", "date_format") in document.spans:
            revision.replace(("source", "date_format"), wanted, reason)
        else:
            revision.add_field(
                ("source", "sort_key" if source.index else "date_attribute"), "date_format", wanted, reason
            )
    new = [value for value in found.partition_values if value not in source.partition_values]
    if new:
        values = [_scalar(value) for value in new]
        revision.extend_list(("source", "partition_values"), values, _comment(found.values_reason))


def _scalar(text: str) -> str:
    # Plain where no reader of YAML could take it for anything but this text.
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and ": " not in text and not text.endswith(":")
    return text if is_plain and not text.startswith("%") else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join(text.split())
