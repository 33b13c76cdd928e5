"""Periods by name, counted back from today in the dataset's time zone."""

from typing import Literal

Preset = Literal[
    "today",
    "yesterday",
    "last_7_days",
    "last_30_days",
    "last_90_days",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "month_to_date",
    "this_quarter",
    "last_quarter",
    "quarter_to_date",
    "this_year",
    "last_year",
    "year_to_date",
]
