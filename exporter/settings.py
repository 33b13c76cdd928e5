"""Options and environment flow in, the settings of a run flow out; all faults are reported at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from dataset_model import Dataset, DatasetError, Fault, load_dataset
from dataset_model.derivations import load_modules, missing_settings
from exporter.errors import SettingsError
from exporter.planning.window import DateRangeMode

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


@dataclass(frozen=True)
class Settings:
    """Settings of one exporter process."""

    dataset: Dataset
    bucket: str
    """S3 bucket that holds the data."""
    region: str
    mode: DateRangeMode = "PREVIOUS_DAY"
    lookback_hours: int = 24
    """Read by LAST_N_HOURS alone."""
    lookback_days: int = 0
    """Closed days that a scheduled run reads again, to find late, moved and deleted items; 0: none."""
    workgroup: str | None = None
    """Athena workgroup; None: the account's primary one."""
    results: str | None = None
    """S3 URI for query results, where the workgroup enforces none."""
    log_level: LogLevel = "INFO"

    @property
    def prefix(self) -> str:
        """The dataset's prefix in the bucket, without slashes at the ends."""
        return self.dataset.target.prefix

    @property
    def location(self) -> str:
        """The table's location, `s3://bucket/prefix/`."""
        return f"s3://{self.bucket}/{self.prefix}/"


def settings_from_environment(
    environment: Mapping[str, str] | None = None, fetch: Callable[[str], str] | None = None
) -> Settings:
    """Return the settings; raise SettingsError listing every variable and every field of the file that is wrong.

    Options of the command line are laid over the environment by the caller, under the variables' names.
    """
    given = os.environ if environment is None else environment
    reader = _Reader(given)
    bucket = reader.text("S3_BUCKET", "the name of the bucket that holds the data")
    region = given.get("AWS_REGION") or reader.text(
        "AWS_DEFAULT_REGION", "an AWS region, such as eu-central-1", "AWS_REGION"
    )
    mode = reader.choice("DATE_RANGE_MODE", get_args(DateRangeMode), "PREVIOUS_DAY")
    level = reader.choice("LOG_LEVEL", get_args(LogLevel), "INFO")
    hours = reader.whole("LOOKBACK_HOURS", 24, "hours", 1, 24 * 366)
    days = reader.whole("LOOKBACK_DAYS", 0, "days", 0, 366)
    dataset = None
    unusable = load_modules(given)
    reader.faults += unusable
    try:
        dataset = load_dataset(given.get("DATASET", "").strip() or None, given, fetch, derives=not unusable)
        reader.faults += missing_settings(dataset.columns, given)
    except DatasetError as error:
        reader.faults += error.faults
    if reader.faults or dataset is None:
        raise SettingsError(reader.faults)
    return Settings(
        dataset=dataset,
        bucket=bucket,
        region=region,
        mode=mode,  # type: ignore[arg-type]  # one of get_args
        lookback_hours=hours,
        lookback_days=days,
        workgroup=given.get("ATHENA_WORKGROUP") or None,
        results=given.get("ATHENA_RESULTS") or None,
        log_level=level,  # type: ignore[arg-type]  # one of get_args
    )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[Fault] = []

    def text(self, name: str, expected: str, called: str | None = None) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            self._fault(called or name, expected, None)
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self._environment.get(name, "").strip().upper() or default
        if value not in choices:
            self._fault(name, f"one of {', '.join(choices)}", value)
        return value

    def whole(self, name: str, default: int, unit: str, least: int, most: int) -> int:
        value = self._environment.get(name, "").strip() or str(default)
        if not value.isdecimal() or not least <= int(value) <= most:
            self._fault(name, f"whole {unit} from {least} to {most}", value)
            return default
        return int(value)

    def _fault(self, name: str, expected: str, found: str | None) -> None:
        self.faults.append(Fault("environment", name, expected, found))
