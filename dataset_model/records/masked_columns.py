"""A dataset and its published columns flow in; the mask of each column that must not show its values flows out.

The file declares masks by column. The same values may stand in further published columns: under an older name, in the
map that a masked member was taken from, in `extra`. Those are masked too, because a file that gains a `mask` must hold
for what is published already.
"""

from dataset_model.columns.attribute_paths import AttributePath, Step
from dataset_model.columns.column import Mask
from dataset_model.definition import Dataset
from dataset_model.records.table_schema import SchemaColumn, TableSchema

_EXTRA = "extra"


def masked_columns(dataset: Dataset, schema: TableSchema | None) -> dict[str, Mask]:
    """Return column -> mask; `schema` holds the published columns, None before the first export."""
    declared = {column.name: column.mask for column in dataset.columns if column.mask}
    if not declared or schema is None:
        return dict(declared)
    sources = {column.path.steps: column.mask for column in dataset.columns if column.mask and column.attribute}
    own = {column.name for column in dataset.columns if not column.mask}
    masks = dict(declared)
    for column in schema.columns:
        found = masks.get(column.name) or _inherited(column, sources, is_declared=column.name in own)
        if found is not None:
            masks[column.name] = found
    return masks


def _inherited(column: SchemaColumn, sources: dict[tuple[Step, ...], Mask], *, is_declared: bool) -> Mask | None:
    """Return the mask of a column that the file does not mask itself."""
    if column.derive:  # declared without a mask it is meant to be seen, whatever it was computed from
        read = (AttributePath.parse(text).steps for text in column.inputs)
        return (
            "hidden"
            if not is_declared and any(_overlap(steps, source) for steps in read for source in sources)
            else None
        )
    if column.attribute is None:
        # Attributes without a column of their own: they may have been those of a masked column before it was declared.
        return "hidden" if column.name == _EXTRA else None
    steps = column.path or (column.attribute,)
    if steps in sources:
        return sources[steps]
    holds = any(source[: len(steps)] == steps for source in sources)
    # A member that the file declares without a mask is meant to be seen.
    inside = not is_declared and any(steps[: len(source)] == source for source in sources)
    return "hidden" if holds or inside else None


def _overlap(one: tuple[Step, ...], other: tuple[Step, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
