"""A card of a board: a title, a question, how its answer is shown and how wide it is.

The fields of the question are those of the JSON API, so that a card asks what Explore and `POST /api/query` ask.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic.alias_generators import to_camel

from dashboard.model.grouping.question import MOST_FILTERS, MOST_GROUPINGS, MOST_VALUES, Sort
from dashboard.model.query_types import MAX_TEXT, QUERY_TYPES, QueryType
from dashboard.model.selection.filters import EARLIEST, LATEST, Days, day_from_text, days_of_preset
from dataset_model.columns.names import Name
from dataset_model.dashboard.periods import Preset

MOST_TITLE: Final = 120
MOST_ROWS: Final = 1_000
"""Rows of a card's answer: a card is looked at, a longer answer is opened on Explore."""
MOST_GROUPS: Final = 10_000
"""Groups of a card's answer: days by values are many, and a chart without some of them would be false."""
MOST_SQL: Final = 20_000

Width = Literal["quarter", "third", "half", "two-thirds", "three-quarters", "full"]
WIDTHS: Final[Mapping[Width, int]] = {
    "quarter": 3, "third": 4, "half": 6, "two-thirds": 8, "three-quarters": 9, "full": 12,
}  # fmt: skip
"""In twelfths of a row."""
Shown = Literal["number", "table", "chart", "bar", "line", "stacked", "doughnut", "pie", "heatmap"]
"""number: one figure; chart: the kind that fits the answer."""
SHOWN: Final[tuple[Shown, ...]] = get_args(Shown)
GROUPED_KINDS: Final[Mapping[Shown, tuple[int, ...]]] = {
    "number": (0,),
    "chart": (1, 2),
    "bar": (1, 2),
    "line": (1, 2),
    "stacked": (2,),
    "doughnut": (1,),
    "pie": (1,),
    "heatmap": (2,),
}
"""What a measure may be shown as, with the numbers of groupings that it takes; a table takes any."""
_OF_ROWS: Final = frozenset({"table", "chart"})
_REQUIRED: Final = {kind.id: kind.required for kind in QUERY_TYPES}
_FIELDS: Final = {kind.id: kind.fields for kind in QUERY_TYPES}
_DAYS: Final = ("startDate", "endDate")


def line_of(most: int) -> AfterValidator:
    """Return the check of a text of one line that people read: not empty, printable, blanks made single."""

    def checked(text: str) -> str:
        line = " ".join(text.split())
        if not line or len(line) > most or not line.isprintable():
            raise ValueError(f"a line of 1 to {most} printable characters")
        return line

    return AfterValidator(checked)


def _day(value: object) -> object:
    found = day_from_text(value) if isinstance(value, str) else value if type(value) is dt.date else None
    if value is not None and found is None:
        raise ValueError("a day as YYYY-MM-DD")
    return found


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("a whole number")  # noqa: TRY004 - pydantic reports a ValueError as a fault of the field
    return value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _end(value: object) -> object:
    """Return an end of a range as text, so that it reads the same from JSON and from YAML."""
    return str(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


_Day = Annotated[dt.date | None, BeforeValidator(_day)]
_Line = Annotated[str, Field(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
_End = Annotated[Annotated[str, Field(max_length=60)] | None, BeforeValidator(_end)]


class Ends(_Part):
    """A range of a column of numbers or times; both ends are included."""

    from_: _End = Field(default=None, alias="from")
    to: _End = None
    empty: bool | None = None
    """True for rows without a value, False for rows with one."""


_Values = Annotated[tuple[_Line | None, ...], Field(min_length=1, max_length=MOST_VALUES)]
FORMS: Final = ("values", "range")
"""Forms of a filter, which pydantic names in the place of a fault."""
_Filter = Annotated[
    Annotated[_Values, Tag("values")] | Annotated[Ends, Tag("range")],
    Discriminator(lambda value: "range" if isinstance(value, Mapping | Ends) else "values"),
]


class BoardCard(_Part):
    """A title, a question and how its answer is shown."""

    title: Annotated[str, line_of(MOST_TITLE)]
    show: Shown = "table"
    width: Width = "half"
    dataset: Name
    query: QueryType = "group_by"
    preset: Preset | None = None
    """Days that move with today; where the card names no days, those of the board hold."""
    start_date: _Day = None
    end_date: _Day = None
    agent_name: _Line | None = None
    """None finds the rows without an agent, in a card of by_agent."""
    contact_id: _Line | None = None
    measure: Name | None = None
    column: Name | None = None
    by: Annotated[tuple[Name, ...], BeforeValidator(_several), Field(max_length=MOST_GROUPINGS)] = ()
    filters: Annotated[dict[Name, _Filter], Field(max_length=MOST_FILTERS)] = Field(default_factory=dict)
    sort: Sort | None = None
    totals: bool | None = None
    sql: Annotated[str, Field(min_length=1, max_length=MOST_SQL, pattern=r"^[^\x00]*$")] | None = None
    parameters: Annotated[dict[_Line, _Line], Field(max_length=MOST_FILTERS)] = Field(default_factory=dict)
    """Values of the {{parameters}} in sql, by name."""
    limit: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MOST_GROUPS)] | None = None
    """Rows at most; None: MOST_ROWS, or MOST_GROUPS of group_by."""

    @model_validator(mode="before")
    @classmethod
    def _queried(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "query" not in data and "sql" in data:
            return {**data, "query": "custom_sql"}
        return data

    @model_validator(mode="after")
    def _coherent(self) -> "BoardCard":
        if fault := self._contradiction():
            raise ValueError(fault)
        return self

    def _contradiction(self) -> str | None:
        given = self.question()
        dated = [name for name in _DAYS if name in given]
        if self.preset and dated:
            return f"either preset or startDate and endDate; found preset and {dated[0]}"
        if self.start_date and self.end_date and self.end_date < self.start_date:
            return f"{self.start_date} (startDate) or later for endDate; found {self.end_date}"
        taken = {*_FIELDS[self.query], "limit", *(["parameters"] if self.query == "custom_sql" else [])}
        if {"startDate"} & taken:
            taken.add("preset")
        asked = [name for name in given if name not in {"dataset", "query"}]
        if unknown := next((name for name in asked if name not in taken), None):
            return f"no {unknown}, which {self.query} does not take; it takes {', '.join(_FIELDS[self.query])}"
        covered = {*given, *(_DAYS if self.preset else ())}
        if missing := next((name for name in _REQUIRED[self.query] if name not in covered), None):
            return f"{missing}, which {self.query} needs; found nothing"
        if self.query != "group_by" and (self.limit or 0) > MOST_ROWS:
            return f"{MOST_ROWS} rows at most for limit of {self.query}; found {self.limit}"
        return self._unshowable()

    def _unshowable(self) -> str | None:
        if self.show == "table":
            return None
        if self.query != "group_by":
            kinds = _OF_ROWS | ({"number"} if self.query == "custom_sql" else set())
            return None if self.show in kinds else f"{' or '.join(sorted(kinds))} for show; found {self.show}"
        fitting = GROUPED_KINDS[self.show]
        if len(self.by) not in fitting:
            wanted = " or ".join(map(str, fitting))
            return f"{wanted} in by, to be shown as {self.show}; found {len(self.by)}"
        return None

    def question(self, days: Days | None = None) -> dict[str, Any]:
        """Return what the card asks, as `POST /api/query` takes it; `days` replaces what the card says of its days."""
        unset = {"title", "show", "width"}
        body = self.model_dump(mode="json", by_alias=True, exclude=unset, exclude_defaults=True)
        most = MOST_GROUPS if self.query == "group_by" else MOST_ROWS
        body = {"dataset": self.dataset, "query": self.query, **body, "limit": self.limit or most}
        if self.query == "by_agent" and self.agent_name is None and "agent_name" in self.model_fields_set:
            body["agentName"] = None
        if days is not None:
            body.pop("preset", None)
            body |= {"startDate": days.first.isoformat(), "endDate": days.last.isoformat()}
        return body

    def document(self) -> dict[str, Any]:
        """Return the card as plain data: what it has by default is left out."""
        body = self.question()
        if self.limit is None:
            del body["limit"]
        if self.query == ("custom_sql" if self.sql else "group_by"):
            del body["query"]
        return {"title": self.title, "show": self.show, "width": self.width, **body}

    @property
    def has_days(self) -> bool:
        """Whether its question may do without days, so that those of a preset or of the board may hold."""
        return "startDate" in _FIELDS[self.query] and "startDate" not in _REQUIRED[self.query]

    def asked_days(self, board: Preset | None, today: dt.date, first_weekday: int) -> Days | None:
        """Return the days that a card asks, its own or those of a preset; None: all, or those that its SQL says."""
        if self.start_date or self.end_date:
            return Days(self.start_date or EARLIEST, self.end_date or LATEST)
        return self.days(board, today, first_weekday)

    def days(self, board: Preset | None, today: dt.date, first_weekday: int) -> Days | None:
        """Return the days that a preset of the card, or of its board where the card names none, means today.

        None where the card has days of its own or takes none: then its question says all of it.
        """
        if self.start_date or self.end_date or "startDate" not in _FIELDS[self.query]:
            return None
        preset = self.preset or board
        return days_of_preset(preset, today, first_weekday) if preset else None
