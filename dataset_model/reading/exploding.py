"""Rules of `explode`: what a dataset with a row for each element of a list may declare."""

from collections.abc import Iterator, Mapping
from typing import Any

from dataset_model.columns.attribute_paths import AttributePath, exploded_list
from dataset_model.faults import Contradiction


def exploding(data: Mapping[str, Any], columns: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Contradiction]:
    """Yield what contradicts `explode`, or needs it."""
    explode = data.get("explode")
    wanted = _root(explode)
    for index, column in columns:
        attribute = column.get("attribute")
        place = ("columns", index, "attribute")
        listed = exploded_list(attribute) if isinstance(attribute, str) else None
        if listed is not None and listed != wanted:
            yield Contradiction(place, f"an attribute of the item, or `explode: {listed}` in the file", str(attribute))
        elif wanted is not None and listed is None and _root(attribute) == wanted:
            yield Contradiction(
                place,
                f"a value of one element, such as {explode}[*].name: {explode} has a row for each",
                str(attribute),
            )
        if wanted is not None and column.get("derive"):
            yield Contradiction(("columns", index, "derive"), "no derive in a file with explode", str(column["derive"]))
    if wanted is not None:
        yield from _rest(data, wanted)


def _rest(data: Mapping[str, Any], wanted: str) -> Iterator[Contradiction]:
    if data.get("undeclared", "add") == "add":
        yield Contradiction(("undeclared",), "extra or ignore in a file with explode", data.get("undeclared"))
    retention = data.get("retention")
    if isinstance(retention, Mapping) and retention.get("keep_deleted"):
        yield Contradiction(("retention", "keep_deleted"), "false in a file with explode", "true")
    source = data.get("source")
    source = source if isinstance(source, Mapping) else {}
    if source.get("kind") == "files":
        yield Contradiction(("source", "kind"), "index or scan in a file with explode", "files")
    keys = source.get("partition_key")
    for name, value in (("sort_key", source.get("sort_key")), ("date_attribute", source.get("date_attribute"))):
        if value == wanted:
            yield Contradiction(("source", name), "an attribute other than the one of explode", str(value))
    if wanted in (keys if isinstance(keys, list | tuple) else (keys,)):
        yield Contradiction(("source", "partition_key"), "an attribute other than the one of explode", str(keys))
    for index, target in enumerate([data.get("target"), *(data.get("targets") or ())]):
        if isinstance(target, Mapping) and target.get("overwrite_mode") == "APPEND":
            place: tuple[str | int, ...] = ("target",) if index == 0 else ("targets", index - 1)
            yield Contradiction((*place, "overwrite_mode"), "OVERWRITE in a file with explode", "APPEND")


def _root(text: object) -> str | None:
    try:
        return AttributePath.parse(text).root if isinstance(text, str) and text else None
    except ValueError:
        return None
