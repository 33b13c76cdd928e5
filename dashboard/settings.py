"""Settings of the dashboard, from the environment alone; nothing here asks whether it runs locally or in the cloud."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from dataset_model.definition import Dataset
from dataset_model.faults import DatasetError, Fault
from dataset_model.loading import load_datasets

MOST_FETCH_ROWS = 1_000_000
"""A result is held in memory once; more rows than this belong in a download from S3."""

MOST_USER_QUERIES = 16
"""As many as run for all people together."""
MOST_USER_BYTES = 10**15 - 1

HTTP_STREAM_MODES: Final[tuple[Literal["auto", "always", "off"], ...]] = ("auto", "always", "off")
"""When the pages' WebSocket travels over plain HTTP (HTTP_STREAM): auto is where an edge refuses it."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_WORKGROUP = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_RESULTS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")


class Settings(BaseModel):
    """What the dashboard needs to know before it serves anything."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    datasets: tuple[Dataset, ...]
    bucket: str
    """Holds the datasets (S3_BUCKET)."""
    workgroup: str = "primary"
    results: str | None = None
    """`s3://` URI for results, only where the workgroup enforces none (ATHENA_RESULTS)."""
    max_fetch_rows: int = 20_000
    public_s3_endpoint: str | None = None
    """How the browser reaches S3, where that differs from how this process does (S3_PUBLIC_ENDPOINT_URL)."""
    http_stream: Literal["auto", "always", "off"] = "auto"
    region: str | None = None
    log_level: str = "INFO"
    user_queries: int = 4
    """Queries of one person that run at once (USER_QUERIES)."""
    user_bytes_per_day: int | None = None
    """Bytes that the queries of one person may scan in a day, UTC (USER_BYTES_PER_DAY); None: any number."""


def settings_from_environment(environment: Mapping[str, str], fetch: Callable[[str], str] | None = None) -> Settings:
    """Return the settings; raise DatasetError with every fault at once. `fetch` reads a dataset file on S3."""
    reader = _Reader(environment)
    bucket = reader.matching("S3_BUCKET", _BUCKET, "the name of an S3 bucket", required=True)
    workgroup = reader.matching("ATHENA_WORKGROUP", _WORKGROUP, "a workgroup's name of letters, digits and ._-")
    results = reader.matching("ATHENA_RESULTS", _RESULTS, "an s3:// URI")
    rows = reader.whole_number("MAX_FETCH_ROWS", 20_000, MOST_FETCH_ROWS)
    endpoint = reader.url("S3_PUBLIC_ENDPOINT_URL")
    level = reader.level("LOG_LEVEL")
    queries = reader.whole_number("USER_QUERIES", 4, MOST_USER_QUERIES)
    day_bytes = reader.whole_number("USER_BYTES_PER_DAY", 0, MOST_USER_BYTES)
    stream = http_stream_mode(environment)
    if stream is None:
        reader.fault("HTTP_STREAM", "auto, always or off")
    datasets: tuple[Dataset, ...] = ()
    try:
        datasets = load_datasets(reader.text("DATASET"), environment, fetch)
    except DatasetError as error:
        reader.faults += error.faults
    if reader.faults:
        raise DatasetError(reader.faults)
    return Settings(
        datasets=datasets,
        bucket=bucket or "",
        workgroup=workgroup or "primary",
        results=results,
        max_fetch_rows=rows,
        public_s3_endpoint=endpoint,
        region=reader.text("AWS_REGION") or reader.text("AWS_DEFAULT_REGION"),
        http_stream=stream or "auto",
        log_level=level,
        user_queries=queries,
        user_bytes_per_day=day_bytes or None,
    )


def http_stream_mode(environment: Mapping[str, str]) -> Literal["auto", "always", "off"] | None:
    """Return what HTTP_STREAM says, or None where it says nothing that exists."""
    text = environment.get("HTTP_STREAM", "").strip().lower() or "auto"
    return next((mode for mode in HTTP_STREAM_MODES if mode == text), None)


class _Reader:
    """Reads variables and remembers what is wrong with each, so that all faults are reported at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.faults: list[Fault] = []

    def text(self, name: str) -> str | None:
        return self.environment.get(name, "").strip() or None

    def fault(self, name: str, expected: str) -> None:
        self.faults.append(Fault("environment", name, expected, self.text(name)))

    def matching(self, name: str, pattern: re.Pattern[str], expected: str, *, required: bool = False) -> str | None:
        text = self.text(name)
        if (text is None and required) or (text is not None and not pattern.fullmatch(text)):
            self.fault(name, expected)
        return text

    def whole_number(self, name: str, default: int, most: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,15}", text) or not 1 <= int(text) <= most:
            self.fault(name, f"a whole number from 1 to {most}")
            return default
        return int(text)

    def url(self, name: str) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            parts = urlsplit(text)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            self.fault(name, "an address such as https://s3.example.com")
        return text.rstrip("/")

    def level(self, name: str) -> str:
        level = (self.text(name) or "INFO").upper()
        if level not in logging.getLevelNamesMapping():
            self.fault(name, "DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return level
