"""A dataset flows in, its data dictionary as Markdown flows out."""

from collections.abc import Iterable

from dataset_model.dashboard.section import Measure
from dataset_model.definition import Column, Dataset

_COLUMNS = ("Column", "Type", "Unit", "Role", "From", "Description")
_MEASURES = ("Measure", "Label", "What it is", "Unit")


def dictionary_text(dataset: Dataset) -> str:
    """Return the dictionary: where rows come from and go to, every declared column, and the measures."""
    target, source = dataset.target, dataset.source
    facts = [
        f"- Source: DynamoDB table `{source.table}`; the attribute `{source.sort_key}` places a row on its day.",
        f"- Days are days in {source.time_zone}.",
        f"- Athena: `{target.database}.{target.table}`, partitioned by `year`, `month` and `day`.",
    ]
    if target.extra_date_column:
        facts.append(f"- `{target.extra_date_column}` holds the day as `YYYY-MM-DD`.")
    if not dataset.columns:
        facts.append("- Columns are learned from the data.")
    parts = [f"# {dataset.label}", *([dataset.description] if dataset.description else []), "\n".join(facts)]
    if dataset.columns:
        parts.append(_table(_COLUMNS, (_column_row(column) for column in dataset.columns)))
    if measures := dataset.dashboard.measures:
        parts += ["## Measures", _table(_MEASURES, (_measure_row(measure) for measure in measures))]
    return "\n\n".join(parts) + "\n"


def _column_row(column: Column) -> tuple[str, ...]:
    labels = ", ".join(f"{value}: {label}" for value, label in column.value_labels.items())
    described = " ".join(text for text in (column.description, f"({labels})" if labels else "") if text)
    name = f"`{column.name}`" + (f" ({column.label})" if column.label else "")
    origin = f"`{column.derive}` of {', '.join(f'`{text}`' for text in column.inputs)}"
    origin = origin if column.derive else f"`{column.attribute}`"
    return name, str(column.type), column.unit or "", column.role or "", origin, described


def _measure_row(measure: Measure) -> tuple[str, ...]:
    if measure.aggregate == "ratio":
        what = f"{measure.of} / {measure.per}"
    else:
        what = f"{measure.aggregate} of {measure.column}" if measure.column else measure.aggregate
    condition = f" where `{measure.where}`" if measure.where else ""
    return f"`{measure.name}`", measure.label, what + condition, measure.unit or ""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
