"""The model of what a dataset sends by itself: alerts on a measure, and reports of a board."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, WithJsonSchema

from dataset_model.columns.column import Model
from dataset_model.columns.names import Name
from dataset_model.dashboard.periods import Preset

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Right = Literal["unmask", "all-rows"]
ADDRESS_PATTERN = r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,63}$"
BOARD_PATTERN = r"^[a-z0-9]{1,32}$"
TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Address = Annotated[str, Field(pattern=ADDRESS_PATTERN)]
TimeOfDay = Annotated[str, Field(pattern=TIME_PATTERN)]
Bound = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    PlainSerializer(float, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
BOUNDS = ("above", "below", "rises", "falls", "no_rows")
"""Bounds of an alert, which has exactly one of them."""
MOST_RECIPIENTS = 50


class Notice(Model):
    """What alerts and reports have in common: who gets them, when, and what they may show."""

    name: Name
    """Its name in messages and records; no other alert or report of the dataset has it."""
    title: str = ""
    """What people read; inferred from the name where it is empty."""
    to: Annotated[tuple[Address, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    """Addresses that get it by mail."""
    webhooks: Annotated[tuple[Name, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    """Names of webhooks that get it; REPORT_WEBHOOKS of the dashboard has their addresses, which are secrets."""
    at: TimeOfDay = "07:00"
    """Time of day in the dataset's time zone from which it is due."""
    filters: dict[Name, tuple[str | None, ...]] = Field(default_factory=dict)
    """Values by column, or by part of the calendar, that rows are narrowed to; null is rows without a value."""
    rights: tuple[Right, ...] = ()
    """What it shows although its readers have not signed in: unmask shows masked columns, all-rows every row."""

    @property
    def label(self) -> str:
        """The title shown to people."""
        return self.title or self.name.replace("_", " ").capitalize()


class Alert(Notice):
    """A measure over the last whole days, and the bound at which a message is sent."""

    measure: Name = "rows"
    """A declared measure; or rows, distinct, sum, mean, min, max or median."""
    column: Name | None = None
    """The column measured; none for `rows` and for a declared measure."""
    days: Annotated[int, Field(ge=1, le=366)] = 1
    """Days that it is over, the last of them yesterday."""
    above: Bound | None = None
    """Sends when the figure is higher than this; a share of 20% is 0.2."""
    below: Bound | None = None
    """Sends when the figure is lower than this."""
    rises: Annotated[Bound, Field(gt=0)] | None = None
    """Sends when the figure is higher by more than so many percent than on the same weekdays before; a share by so many
    points."""
    falls: Annotated[Bound, Field(gt=0)] | None = None
    """Sends when the figure is lower by more than so many percent, or points of a share."""
    no_rows: Literal[True] | None = None
    """Sends when the days have no row, or are not published."""
    quiet_days: Annotated[int, Field(ge=1, le=366)] = 1
    """Days from one message to the next; 1: a message each day."""


class Report(Notice):
    """The Overview of the dataset, or a saved board, as a mail."""

    every: Literal["day", "week", "export"] = "day"
    """How often: each day, each week, or after each export that changed what is published."""
    weekday: Weekday | None = None
    """The day of a weekly report; monday where it is left out."""
    period: Preset | None = None
    """The days that it shows, as the Overview names them. Default: yesterday; last_week for a weekly report;
    last_7_days after an export; of a board its own period."""
    csv: bool = False
    """Whether the figures of each chart, or of each card, are attached as CSV."""
    board: Annotated[str, Field(pattern=BOARD_PATTERN)] | None = None
    """A saved board in place of the Overview: what stands after `board=` in its address. It must be shared, and ask
    datasets that the report may show."""
    pdf: bool = False
    """Whether the board is attached as PDF on A4."""

    @property
    def shown_period(self) -> Preset:
        """The period, by its default where the file names none."""
        defaults: dict[str, Preset] = {"day": "yesterday", "week": "last_week", "export": "last_7_days"}
        return self.period or defaults[self.every]
