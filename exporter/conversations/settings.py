"""The environment of the conversations flows in, the exporter's settings of each of their datasets flow out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from dataset_model import Fault, Target
from exporter.errors import SettingsError
from exporter.settings import Settings, settings_from_environment

DATASETS = "conversations,messages"
CLEAN_PREFIX, CURATED_PREFIX = "reports/etl-process1", "curated"


@dataclass(frozen=True)
class ConversationSettings:
    """What the environment says."""

    datasets: tuple[Settings, ...]
    """Of each dataset, in the order in which they are exported."""
    clean_prefix: str = CLEAN_PREFIX
    """Prefix of the CSV files, without slashes at its ends."""

    @property
    def bucket(self) -> str:
        """The bucket of everything."""
        return self.datasets[0].bucket

    @property
    def region(self) -> str:
        """The region of everything."""
        return self.datasets[0].region


def conversation_settings(
    environment: Mapping[str, str] | None = None, fetch: Callable[[str], str] | None = None
) -> ConversationSettings:
    """Return the settings; raise SettingsError listing every fault.

    S3_BUCKET_NAME, DYNAMODB_TABLE_NAME, CLEAN_PREFIX and CURATED_PREFIX are the users' names; CLIENT, PROJECT_ID and
    ENVIRONMENT are columns of the datasets, which name them. DATASET may name two other files, separated by a comma.
    """
    given = os.environ if environment is None else environment

    def text(name: str, default: str = "") -> str:
        return given.get(name, "").strip() or default

    faults = []
    if not (bucket := text("S3_BUCKET_NAME")):
        faults.append(Fault("environment", "S3_BUCKET_NAME", "the name of the bucket of data and reports", None))
    names = [name.strip() for name in text("DATASET", DATASETS).split(",") if name.strip()]
    curated = text("CURATED_PREFIX", CURATED_PREFIX).strip("/")
    clean = text("CLEAN_PREFIX", CLEAN_PREFIX).strip("/")
    try:
        Target(prefix=clean)
    except ValidationError:
        faults.append(Fault("environment", "CLEAN_PREFIX", f"an S3 prefix such as {CLEAN_PREFIX}", clean))
    if f"{clean}/".startswith(f"{curated}/") or f"{curated}/".startswith(f"{clean}/"):
        faults.append(Fault("environment", "CLEAN_PREFIX", f"a prefix apart from CURATED_PREFIX ({curated})", clean))
    found = []
    for name in names:
        try:
            found.append(_of_dataset(name, given, bucket or "not-given", curated, fetch))
        except SettingsError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    if faults:
        raise SettingsError(faults)
    return ConversationSettings(tuple(found), clean)


def _of_dataset(
    name: str, given: Mapping[str, str], bucket: str, curated: str, fetch: Callable[[str], str] | None
) -> Settings:
    of_all = {variable: value for variable, value in given.items() if variable not in {"S3_PREFIX", "ATHENA_TABLE"}}
    table = {"DYNAMO_TABLE_NAME": value} if (value := given.get("DYNAMODB_TABLE_NAME", "").strip()) else {}
    folder = name.rpartition("/")[2].partition(".")[0]
    own = {"DATASET": name, "S3_BUCKET": bucket, "S3_PREFIX": f"{curated}/{folder}"}
    return settings_from_environment({**of_all, **table, **own}, fetch)
