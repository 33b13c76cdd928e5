"""A dataset flows in, its data dictionary as Markdown flows out."""

from collections.abc import Iterable, Sequence

from dataset_model.columns.column import Column
from dataset_model.dashboard.section import Measure
from dataset_model.definition import Dataset

_COLUMNS = ("Column", "Type", "Unit", "Role", "From", "Description")
_MEASURES = ("Measure", "Label", "What it is", "Unit")


def dictionary_text(dataset: Dataset) -> str:
    """Return the dictionary: where rows come from and go to, every declared column, and the measures."""
    target, source = dataset.target, dataset.source
    kind = "DynamoDB table" if source.is_table else "files"
    facts = [
        *([f"- Owner: {dataset.owner}."] if dataset.owner else []),
        f"- Source: {kind} `{source.table}`; the attribute `{source.sort_key}` places a row on its day.",
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


def origin_text(attribute: str, derive: str, inputs: Sequence[str], mark: str = "") -> str:
    """Return where a column's value comes from: an attribute or path, or a function and what it is given."""
    if derive:
        return f"{mark}{derive}{mark} of {', '.join(f'{mark}{text}{mark}' for text in inputs)}"
    return f"{mark}{attribute}{mark}" if attribute else ""


def _column_row(column: Column) -> tuple[str, ...]:
    labels = ", ".join(f"{value}: {label}" for value, label in column.value_labels.items())
    described = " ".join(text for text in (column.description, f"({labels})" if labels else "") if text)
    name = f"`{column.name}`" + (f" ({column.label})" if column.label else "")
    masked = f"Masked: {column.mask}." if column.mask else ""
    origin = origin_text(column.attribute, column.derive, column.inputs, mark="`")
    about = f"{described} {masked}".strip()
    return name, str(column.type), column.unit or "", column.role or "", origin, about


def measure_text(measure: Measure, mark: str = "") -> str:
    """Return what a measure is: `sum of amount`, `share where state = 'PAID'`, `revenue / pieces`."""
    if measure.aggregate == "ratio":
        what = f"{measure.of} / {measure.per}"
    else:
        what = f"{measure.aggregate} of {measure.column}" if measure.column else measure.aggregate
    return what + (f" where {mark}{measure.where}{mark}" if measure.where else "")


def _measure_row(measure: Measure) -> tuple[str, ...]:
    return f"`{measure.name}`", measure.label, measure_text(measure, mark="`"), measure.unit or ""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
