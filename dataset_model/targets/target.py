"""A target of a dataset file: the format of a day's rows, and where they go."""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from dataset_model.columns.names import Name
from dataset_model.targets.file_formats import STORAGE_FORMATS, FormatName, StorageFormat

MANIFESTS_FOLDER = "manifests"
"""Next to the folder of a target's files: a manifest must not be in the folder that it names."""

_PARTITION_FOLDER = re.compile(r"(?:year|month|day)=")
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_DATED = ("date", "year", "month", "day")
_PARTITIONS = "year={year}/month={month}/day={day}/"
_PART = re.compile(r"[A-Za-z0-9!*'()=-][A-Za-z0-9!_.*'()=-]*")


def _prefix(text: str) -> str:
    cleaned = text.strip("/")
    parts = cleaned.split("/")
    # Clients resolve "." and ".." before they sign, so such an object would be written and never found.
    odd = parts[0].startswith(("_", ".")) or not {"", ".", ".."}.isdisjoint(parts)
    if odd or re.search(r"[^A-Za-z0-9!_.*'()/=-]", cleaned):
        raise ValueError("an S3 prefix of letters, digits and !-_.*'()/=, not starting with _ or .")
    reserved = [part for part in parts if part.startswith(("_", ".")) or _PARTITION_FOLDER.match(part)]
    if reserved:
        raise ValueError(
            f"an S3 prefix without folders that begin with _, ., year=, month= or day=, as {reserved[0]} does: "
            "readers skip them, or they belong to another dataset"
        )
    return cleaned


def _path(text: str) -> str:
    names = set(_PLACEHOLDER.findall(text))
    parts = _PLACEHOLDER.sub("x", text).split("/")
    is_dated = "date" in names or {"year", "month", "day"} <= names
    if len(parts) < 2 or not is_dated or not names <= {"prefix", "dataset", *_DATED}:
        raise ValueError("a path of a folder and {date}, or {year}, {month} and {day}: {prefix}/{dataset}/{date}.json")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError("a path of letters, digits and !-_.*'()=, no part of it beginning with _ or .")
    if _folder(text).rpartition("/")[2] == MANIFESTS_FOLDER:
        raise ValueError(f"a folder that is not called {MANIFESTS_FOLDER}, where manifests are")
    return text


def _folder(pattern: str) -> str:
    """Return the part of a pattern that all days have in common."""
    first_dated = min(found.start() for found in _PLACEHOLDER.finditer(pattern) if found[1] in _DATED)
    return pattern[:first_dated].rpartition("/")[0]


class Target(BaseModel):
    """Where rows go, in which format, and how Athena sees them."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    format: FormatName = "parquet"
    """parquet, ndjson (a JSON object a line) or csv. Athena, the dashboard and `verify` use the rows of parquet."""
    prefix: Annotated[str, AfterValidator(_prefix)] = "dynamo-gsi-export"
    """S3 prefix, without slashes at its ends."""
    path: Annotated[str, AfterValidator(_path)] | None = None
    """ndjson and csv: key of a day's file, made of {prefix}, {dataset}, {date}, {year}, {month} and {day}. Default:
    {prefix}/{dataset}/{date}.json or .csv; with a table, {prefix}/year={year}/month={month}/day={day}/data.json or
    .csv."""
    manifest: Literal["quicksight"] | None = None
    """ndjson and csv: also write a manifest that QuickSight imports."""
    shows_masked: bool | None = None
    """ndjson and csv: must be true where columns are masked, because files show them in clear to all their readers."""
    database: Name = "gsi_dynamodb_athena_db"
    """Glue database; for ndjson and csv that of parquet."""
    table: Name = "gsi_export"
    """Glue table; ndjson and csv have one only if it is named."""
    extra_date_column: Name | None = None
    """A column with the day in the dataset's time zone, in addition to year, month and day."""
    extra_date_type: Literal["string", "date"] | None = None
    """Type of that column: string (YYYY-MM-DD), the default of a new table, or date. A published table keeps its."""
    overwrite_mode: Literal["OVERWRITE", "APPEND"] = "OVERWRITE"
    """OVERWRITE replaces whole days; APPEND adds a file per run."""
    question_suffix: str | None = None
    """Suffix of attributes that hold a question; the attribute without the suffix holds its answer."""

    @property
    def storage(self) -> StorageFormat:
        """The format's extension, content type and SerDe."""
        return STORAGE_FORMATS[self.format]

    @property
    def has_table(self) -> bool:
        """Whether there is a Glue table of the files."""
        return self.format == "parquet" or "table" in self.model_fields_set

    @property
    def pattern(self) -> str:
        """The path of ndjson and csv files, declared or by default."""
        if self.path is not None:
            return self.path
        folder = f"{{prefix}}/{_PARTITIONS}data" if self.has_table else "{prefix}/{dataset}/{date}"
        return f"{folder}{self.storage.extension}"

    @property
    def is_partitioned(self) -> bool:
        """Whether the files are in folders of their days, as a Glue table needs them."""
        return self.pattern.rpartition("/")[0].endswith(f"/{_PARTITIONS.rstrip('/')}")

    def key(self, dataset: str, day: dt.date) -> str:
        """Return the key of a day's file."""
        values = {"date": day.isoformat(), "year": f"{day.year:04}", "month": f"{day.month:02}", "day": f"{day.day:02}"}
        return self.pattern.format(prefix=self.prefix, dataset=dataset, **values)

    def folder(self, dataset: str) -> str:
        """Return the folder in which the files of all days are, without a slash at its end."""
        return _folder(self.pattern).format(prefix=self.prefix, dataset=dataset)

    def manifest_folder(self, dataset: str) -> tuple[str, str]:
        """Return the folder of the manifest, which is not in that of the files, and its name without .json."""
        parent, _, name = self.folder(dataset).rpartition("/")
        return f"{parent}/{MANIFESTS_FOLDER}".lstrip("/"), name
