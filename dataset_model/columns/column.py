"""The model of a column of a dataset file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from dataset_model.columns.attribute_paths import AttributePath
from dataset_model.columns.date_formats import DateFormatText
from dataset_model.columns.names import Name
from dataset_model.columns.types import TYPE_EXAMPLES, TYPE_PATTERN, ColumnType


def _date_format(text: str) -> str:
    DateFormatText.parse(text)
    return text


def _attribute(text: str) -> str:
    if text:  # a column that is derived has none
        AttributePath.parse(text)
    return text


def _column_type(value: Any) -> Any:
    return ColumnType.parse(value) if isinstance(value, str) else value


AttributeText = Annotated[str, AfterValidator(_attribute), WithJsonSchema({"type": "string", "minLength": 1})]
InputText = Annotated[str, Field(min_length=1), AfterValidator(_attribute)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
TypeField = Annotated[
    ColumnType,
    BeforeValidator(_column_type),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": TYPE_PATTERN,
            "examples": TYPE_EXAMPLES,
        }
    ),
]


SETTING_PATTERN = r"^[A-Z][A-Z0-9_]{0,99}$"

Mask = Literal["hash", "last4", "hidden"]
"""How a column is shown to people who may not see its values: a digest of the value, its last four characters, NULL."""


class Model(BaseModel):
    """A part of a dataset file; an unknown field is a fault."""

    # The dataset builds what checks its parts; built here as well, they would slow the start of every program.
    model_config = ConfigDict(
        defer_build=True, frozen=True, extra="forbid", arbitrary_types_allowed=True, serialize_by_alias=True
    )


class Column(Model):
    """A declared column; its type is law."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["attribute"]}, {"required": ["derive", "from"]}]}
    )

    name: Name
    """Column name in Glue and Athena."""
    attribute: AttributeText = ""
    """Source attribute, spelled as in DynamoDB, or a path into maps and lists: payload.agentId, items[0].sku. A
    backslash stands before a dot or [ that belongs to a name. Either this, or derive."""
    type: TypeField
    """string, double, bigint, decimal(p,s), boolean, timestamp, date or json."""
    derive: str = ""
    """Instead of attribute: a function that computes the value; `python -m dataset_model derivations` lists them."""
    inputs: Annotated[tuple[InputText, ...], Field(alias="from")] = ()
    """What the function of derive is given: attributes or paths, in its order."""
    setting: Annotated[str, Field(pattern=SETTING_PATTERN)] | None = None
    """Variable with the text of every row, such as CLIENT; while it is not set, the attribute's value counts."""
    constant: Annotated[str, Field(min_length=1)] | None = None
    """The text of every row, whatever the item has; a setting that is set gives it."""
    format: DateFormat | None = None
    """How a timestamp or date column is written, as `date_format`; without it ISO, the dataset's own format, `YYYYMMDD`
    and numbers of seconds or milliseconds are read."""
    unit: str | None = None
    """Unit of measure, for example `s`."""
    description: str = ""
    """One sentence for the data dictionary and the catalogue."""
    role: Literal["key", "dimension", "measure"] | None = None
    """key: identifies what is counted; dimension: worth filtering by; measure: worth summing."""
    label: str = ""
    """What people read for the column; its name in words where it is empty."""
    value_labels: dict[str, str] = Field(default_factory=dict)
    """What people read for values: {V: Voice, C: Chat}."""
    mask: Mask | None = None
    """For people without the right `unmask`: hash (a digest; equal values stay equal), last4 or hidden (NULL)."""

    @property
    def path(self) -> AttributePath:
        """Where the value is in an item; of a column with an attribute."""
        return AttributePath.parse(self.attribute)

    @property
    def read_attributes(self) -> tuple[str, ...]:
        """Every attribute or path that the column needs."""
        return self.inputs if self.derive else (self.attribute,)
