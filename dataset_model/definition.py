"""The model of a dataset file.

The same declaration drives the export, the Glue table and the dashboard. Fields have defaults where possible, so that
environment variables alone can describe a table without a file.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    Tag,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from dataset_model.columns.attribute_paths import AttributePath, exploded_list
from dataset_model.columns.column import Column, DateFormat, Model
from dataset_model.columns.date_formats import natural_type
from dataset_model.columns.names import Name
from dataset_model.dashboard.row_rule import RowRule, row_rule_from
from dataset_model.dashboard.section import Dashboard
from dataset_model.reading.consistency import contradictions
from dataset_model.reading.source_kinds import WAYS_IN, WayIn, are_ways_in, base_of, kinds_in
from dataset_model.targets.target import Target


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone such as UTC or Europe/Berlin") from None
    return name


_MOST_KEY_ATTRIBUTES = 4
"""Most key attributes of each kind (partition, sort) in one index."""


def _key_attributes(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        if not value:
            raise ValueError("text that is not empty")
        return value
    texts = isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value)
    if not texts or not 1 <= len(value) <= _MOST_KEY_ATTRIBUTES:
        raise ValueError("text, or a list of 1 to 4 texts")
    return tuple(value)


def _composite_value(value: Any, count: int) -> Any:
    if isinstance(value, str) and count > 1:
        try:
            value = json.loads(value)
        except ValueError:
            value = (value,)
    if not isinstance(value, list | tuple):
        return value
    parts = [_key_value(part) for part in value]
    if len(parts) != count or not all(isinstance(part, str) and part for part in parts):
        raise ValueError("one text for each value" if count == 1 else f"a list of {count} texts for each value")
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")) if count > 1 else value


def _key_value(value: Any) -> Any:
    # A number in YAML is a sensible way to write an N key; a boolean is YAML's reading of an unquoted NO or ON.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


DYNAMO_PATTERN = r"^[A-Za-z0-9_.-]{3,255}$"
TABLE_PATTERN = r"^(arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/)?[A-Za-z0-9_.-]{3,255}$"

DynamoName = Annotated[str, Field(pattern=DYNAMO_PATTERN)]

TimeZone = Annotated[str, AfterValidator(_time_zone)]
_ONE_ATTRIBUTE = {"type": "string", "minLength": 1}
KeyAttributes = Annotated[
    str | tuple[str, ...],
    PlainValidator(_key_attributes),
    PlainSerializer(lambda value: value if isinstance(value, str) else list(value), when_used="json"),
    WithJsonSchema(
        {"anyOf": [_ONE_ATTRIBUTE, {"type": "array", "items": _ONE_ATTRIBUTE, "minItems": 1, "maxItems": 4}]}
    ),
]
_ONE_VALUE = {"type": ["string", "integer"], "minLength": 1}
KeyValue = Annotated[
    str,
    BeforeValidator(_key_value),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE_VALUE, {"type": "array", "items": _ONE_VALUE}]}),
]


FILE_DATE, FILE_LINE = "date", "line"
"""Attributes that the rows of a file get: the date in the file's name, and the number of the line."""


def _exploded(text: str) -> str:
    path = AttributePath.parse(text)
    if path.is_nested or exploded_list(text) is not None:
        raise ValueError("the name of an attribute that is a list, such as messages")
    return text


Explode = Annotated[str, Field(min_length=1), AfterValidator(_exploded), WithJsonSchema(_ONE_ATTRIBUTE)]


def _kinds(value: Any) -> tuple[str, ...]:
    return kinds_in(value)  # which the union has found to be ways in, when it chose the model


_ENUM: dict[str, JsonValue] = {"enum": [*WAYS_IN]}
_ONE_OR_SEVERAL: dict[str, JsonValue] = {
    "anyOf": [{"type": "string", **_ENUM}, {"type": "array", "items": _ENUM, "minItems": 1, "uniqueItems": True}]
}
_Kinds = Annotated[tuple[WayIn, ...], BeforeValidator(_kinds), WithJsonSchema(_ONE_OR_SEVERAL)]


class _TableFields(Model):
    """What every source that is a DynamoDB table declares."""

    is_table: ClassVar[bool] = True
    """Whether items come from a DynamoDB table, by an index or by a scan: with its keys, read units and exports."""

    table: Annotated[str, Field(pattern=TABLE_PATTERN)]
    """DynamoDB table name, or the ARN of a table of another account."""
    date_format: DateFormat = "ISO"
    """ISO, EPOCH (seconds), EPOCH_MILLIS, HUMAN_READABLE (does not sort: the whole key is read) or a strptime
    pattern. A `*` at the end allows any text after the time: ISO*, %Y-%m-%d#*."""
    time_zone: TimeZone = "UTC"
    """IANA zone of "the day", and of times that carry no zone."""
    settle_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 60
    """Minutes after a day's end before it counts as closed."""


def _files_path(text: str) -> str:
    folder, _, name = text.rpartition("/")
    if not folder or "{" in folder or name.count("{date}") != 1 or re.search(r"[{}]", name.replace("{date}", "")):
        raise ValueError("a key of a folder and a name with {date} once: quicksight/anomalies/{date}.json")
    return text


class IndexSource(_TableFields):
    """A global secondary index, and the date format of its sort key."""

    base: ClassVar[Literal["index"]] = "index"
    """The kind of source by which its days are read."""
    kind: _Kinds = ("index",)
    """The ways in, one or a list: index, by which the days are read; table_export, changes and stream, which `exporter
    doctor` then looks at."""
    index: DynamoName
    """Global secondary index to query."""
    partition_key: KeyAttributes
    """The index's partition key attribute, or a list of them where the index has several."""
    partition_values: Annotated[tuple[KeyValue, ...], Field(min_length=1)]
    """Key values to read; a number is written as its text. With several attributes, a list for each value."""
    sort_key: Annotated[str, Field(min_length=1)]
    """The index's sort key attribute: the time that places an item on its day."""

    @field_validator("partition_values", mode="before")
    @classmethod
    def _texts_of_values(cls, values: Any, info: ValidationInfo) -> Any:
        """Write a value of several attributes as the JSON list of its texts, which is its name in every record."""
        declared = info.data.get("partition_key")
        count = len(declared) if isinstance(declared, tuple) else 1
        if not isinstance(values, list | tuple):
            return values
        return [_composite_value(value, count) for value in values]

    @property
    def partition_attributes(self) -> tuple[str, ...]:
        """The index's partition key attributes, in order."""
        return (self.partition_key,) if isinstance(self.partition_key, str) else self.partition_key

    @property
    def place(self) -> str:
        """`table/index`."""
        return f"{self.table}/{self.index}"

    @property
    def named(self) -> str:
        """The source as messages name it."""
        return f"index {self.index}"

    def key_parts(self, value: str) -> tuple[str, ...]:
        """Return a partition value's text for each attribute."""
        return (value,) if len(self.partition_attributes) == 1 else tuple(json.loads(value))


class ScanSource(_TableFields):
    """A table that is read whole, without an index, and the attribute that places an item on its day."""

    base: ClassVar[Literal["scan"]] = "scan"
    kind: _Kinds = ("scan",)
    """The ways in, one or a list: scan, by which the days are read; table_export, changes and stream, which `exporter
    doctor` then looks at."""
    date_attribute: Annotated[str, Field(min_length=1)]
    """The attribute with the time that places an item on its day; an item without it is quarantined."""
    date_type: Literal["S", "N"] | None = None
    """DynamoDB type of that attribute; default: N for EPOCH and EPOCH_MILLIS, S for the others."""

    index: ClassVar[str] = ""
    partition_attributes: ClassVar[tuple[str, ...]] = ()
    partition_values: ClassVar[tuple[str, ...]] = ()

    @property
    def sort_key(self) -> str:
        """The attribute that places an item on its day, by the name that it has where an index is read."""
        return self.date_attribute

    @property
    def date_kind(self) -> Literal["S", "N"]:
        """DynamoDB type of the date attribute."""
        return self.date_type or natural_type(self.date_format)

    @property
    def place(self) -> str:
        """The table."""
        return self.table

    @property
    def named(self) -> str:
        """The source as messages name it."""
        return f"table {self.table}"


class FilesSource(Model):
    """Files of JSON lines in the bucket, one a day, and the path that has the day in its name."""

    kind: Literal["files"]
    """The kind of source: files of JSON lines in S3_BUCKET, one a day, as `exporter quicksight export` writes them."""
    path: Annotated[str, AfterValidator(_files_path)]
    """Key of a day's file, with {date} once: quicksight/anomalies/{date}.json. Its rows get the attributes `date`, from
    that name, and `line`, the number of their line, which together identify a row."""
    time_zone: TimeZone = "UTC"
    """IANA zone of "the day", and of times that carry no zone."""
    settle_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 60
    """Minutes after a day's end before it counts as closed."""

    is_table: ClassVar[bool] = False
    base: ClassVar[Literal["files"]] = "files"
    index: ClassVar[str] = ""
    date_format: ClassVar[str] = "ISO"
    partition_attributes: ClassVar[tuple[str, ...]] = ()
    partition_values: ClassVar[tuple[str, ...]] = ()
    sort_key: ClassVar[str] = FILE_DATE

    @property
    def table(self) -> str:
        """The path: what identifies the source where a table does in others."""
        return self.path

    @property
    def place(self) -> str:
        """The path."""
        return self.path

    @property
    def named(self) -> str:
        """The source as messages name it."""
        return f"files {self.path}"


def _kind_of_source(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return getattr(value, "base", "index")
    kind = value.get("kind")
    return base_of(value) if are_ways_in(kinds_in(kind)) else kind


SOURCE_KINDS: Mapping[str, type[Model]] = {"index": IndexSource, "scan": ScanSource, "files": FilesSource}
_KINDS_TEXT = f"{', '.join(WAYS_IN)}, a list of some of these, or files"

Source = Annotated[
    Annotated[IndexSource, Tag("index")] | Annotated[ScanSource, Tag("scan")] | Annotated[FilesSource, Tag("files")],
    Discriminator(_kind_of_source, custom_error_type="kind", custom_error_message=_KINDS_TEXT),
]
"""The union of all kinds of source, decided by `kind`; `index` is the default and the first of them."""


class Retention(Model):
    """How long the source keeps items."""

    expires_after_days: Annotated[int, Field(gt=0)] | None = None
    """Age at which the source's TTL removes items; older days are kept although the source no longer has them."""
    keep_deleted: bool = False
    """Whether rows stay although their items are deleted: a deletion in the stream is not mirrored, and a day that is
    read again keeps the published rows of items that the table no longer has."""


class Dataset(Model):
    """Everything both programs need to know about one dataset."""

    name: Name
    title: str = ""
    description: str = ""
    owner: str = ""
    """Team or person who answers questions about the data."""
    source: Source
    columns: tuple[Column, ...] = ()
    explode: Explode | None = None
    """A list in each item: every element becomes a row, with columns of messages[*].role and of the item. An item
    without elements has no row, and is counted."""
    undeclared: Literal["add", "extra", "ignore"] = "add"
    """Attributes without a declared column: a column each, one JSON column `extra`, or left out and counted."""
    rows: str | None = None
    """The rows that a person may see in the dashboard, by the claims of their sign-in: `store IN {claim.stores}`.
    Without it all of them. A claim that is missing shows no row."""
    target: Target = Target()
    """The Parquet files and their table. Where `targets` is given, its entry of format parquet."""
    targets: tuple[Target, ...] = ()
    """Instead of `target`: one target of format parquet, and others with the same rows as ndjson or csv."""
    retention: Retention = Retention()
    dashboard: Dashboard = Dashboard()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = contradictions(self.model_dump(mode="json", exclude_unset=True))
        if faults:
            errors = [
                InitErrorDetails(
                    type=PydanticCustomError("inconsistent", "{expected}", {"expected": fault.expected}),
                    loc=fault.path,
                    input=fault.found,
                )
                for fault in faults
            ]
            raise ValidationError.from_exception_data(type(self).__name__, errors)
        for target in self.targets:
            if target.format == "parquet":
                object.__setattr__(self, "target", target)  # the model is frozen for others
        return self

    @property
    def exploded(self) -> str | None:
        """The attribute that is exploded; None: a row is an item."""
        return AttributePath.parse(self.explode).root if self.explode else None

    @property
    def label(self) -> str:
        """The name shown to people."""
        return self.title or self.name.replace("_", " ").capitalize()

    @property
    def file_targets(self) -> tuple[Target, ...]:
        """The targets other than Parquet."""
        return tuple(target for target in self.targets if target.format != "parquet")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the day."""
        return ZoneInfo(self.source.time_zone)

    @property
    def has_masks(self) -> bool:
        """Whether some column is masked."""
        return any(column.mask for column in self.columns)

    @property
    def row_rule(self) -> RowRule | None:
        """Which rows a person may see; None: all of them."""
        if self.rows is None:
            return None
        return row_rule_from(self.rows, {column.name: column.type for column in self.columns})

    @property
    def index_source(self) -> IndexSource:
        """The source of a dataset that is read by an index; raises TypeError for another kind."""
        if isinstance(self.source, IndexSource):
            return self.source
        raise TypeError(f"dataset {self.name} has no index: its source is a {self.source.base}")

    def column(self, name: str) -> Column | None:
        """Return the declared column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)
