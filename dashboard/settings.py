"""Settings of the dashboard, from the environment alone; nothing here asks whether it runs locally or in the cloud."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict

from datasets.definition import Dataset


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
    region: str | None = None
    log_level: str = "INFO"


def settings_from_environment(environment: Mapping[str, str], fetch: Callable[[str], str] | None = None) -> Settings:
    """Return the settings; raise DatasetError with every fault at once. `fetch` reads a dataset file on S3."""
    raise NotImplementedError
