"""`exporter discover`."""

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from dataset_model import Dataset, DatasetError, Fault, FilesSource, IndexSource, ScanSource, Source, dataset_from_text
from dataset_model.definition import KeyValue
from dataset_model.loading import partition_values_from_text
from dataset_model.reading.shipped import DATASET_SCHEMA_FILE, SHIPPED_DATASETS
from exporter.cli import options
from exporter.clients import fetch_text
from exporter.discovery.dataset_file import difference, proposal_text, revised_text
from exporter.discovery.discover import Discovery, DiscoveryRequest, discover
from exporter.errors import SettingsError, UsageError
from exporter.runtime.logs import configure_logging


@click.command(name="discover")
@options.DATASET
@click.option("--table", help="DynamoDB table; default: DYNAMO_TABLE_NAME, or the dataset's.")
@click.option("--index", help="Index; default: GSI_NAME, the dataset's, or the table's only one.")
@click.option(
    "--partition-value", "values", multiple=True, help="Partition value to sample; may be given several times."
)
@click.option("--date-attribute", help="Attribute with the time; the table is scanned, for lack of an index by time.")
@click.option("--scan", is_flag=True, help="Scan for further partition values, although some are given.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; the only way to change one."
)
def discover_command(
    *,
    dataset: str | None,
    table: str | None,
    index: str | None,
    values: tuple[str, ...],
    date_attribute: str | None,
    scan: bool,
    out: Path | None,
) -> None:
    """Propose a dataset file from a sample, with a reason for each type; for an existing file, what it would change."""
    configure_logging("WARNING")
    existing = _existing(dataset or os.environ.get("DATASET", "").strip(), out)
    declared = existing.declared if existing else None
    source = declared.source if declared else None
    if date_attribute and (index or values or scan):
        raise UsageError(
            "--date-attribute is for a table without an index; leave out --index, --partition-value, --scan"
        )
    _require_same_kind(source, index, date_attribute)
    if isinstance(source, ScanSource):
        date_attribute = date_attribute or source.date_attribute
    request = DiscoveryRequest(
        region=_region(),
        table=_table(table, declared),
        index=index or os.environ.get("GSI_NAME") or (source.index if source else None),
        values=values or _given_values() or (source.partition_values if source else ()),
        scan=scan,
        date_attribute=date_attribute,
        date_format=source.date_format if source else os.environ.get("DATE_FORMAT"),
    )
    found = discover(request, dt.datetime.now(dt.UTC))
    _print(found, existing, out)


def _require_same_kind(source: Source | None, index: str | None, date_attribute: str | None) -> None:
    """Raise UsageError where a file of one kind of source would be revised by a sample of the other."""
    if isinstance(source, FilesSource):
        raise UsageError(f"the dataset file declares {source.named}, and discover looks at tables alone")
    if (isinstance(source, ScanSource) and index) or (isinstance(source, IndexSource) and date_attribute):
        option = "--index" if index else "--date-attribute"
        raise UsageError(
            f"the dataset file declares a source of kind {source.base}, which {option} does not fit. Leave it out, or "
            "leave out --dataset to propose a new file"
        )


def _print(found: Discovery, existing: "_File | None", out: Path | None) -> None:
    if existing is None:
        proposed = proposal_text(found.proposal, _schema_path(out))
        shown = proposed
    else:
        proposed = revised_text(existing.text, existing.declared, found.proposal, found.sample)
        shown = difference(existing.text, proposed, existing.name)
    click.echo(shown, nl=False)
    if out is not None:
        try:
            out.write_text(proposed, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {out} cannot be written: {error.strerror}") from None
    changed = f"wrote {out}" if out else "nothing was written (--out FILE writes)"
    if existing and not shown:
        changed = f"{existing.name} agrees with what was seen"
    click.echo(f"{found.proposal.items:,} items sampled, {found.read_units:,.1f} read units; {changed}", err=True)


@dataclass(frozen=True)
class _File:
    """A dataset file that there is already."""

    name: str
    text: str
    declared: Dataset


def _existing(reference: str, out: Path | None) -> _File | None:
    if reference.startswith("s3://"):
        return _read(reference, fetch_text(reference).removeprefix("\ufeff"))
    path = _path(reference, out)
    try:
        return _read(path.name, path.read_text(encoding="utf-8-sig")) if path else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"dataset file {path} cannot be read as text: {error}") from None


def _read(name: str, text: str) -> _File:
    # The variables refine an export. A revision starts from the file itself.
    try:
        return _File(name.rpartition("/")[2], text, dataset_from_text(text, name))
    except DatasetError as error:
        raise SettingsError(error.faults) from None


def _path(reference: str, out: Path | None) -> Path | None:
    if reference:
        is_path = "/" in reference or reference.endswith((".yaml", ".yml"))
        path = Path(reference) if is_path else SHIPPED_DATASETS / f"{reference}.yaml"
        if path.is_file():
            return path
        raise UsageError(f"no dataset file {reference}; leave out --dataset to propose a new one")
    return out if out and out.is_file() else None


def _table(given: str | None, declared: Dataset | None) -> str:
    table = given or os.environ.get("DYNAMO_TABLE_NAME") or (declared.source.table if declared else None)
    if not table:
        raise UsageError("--table or DYNAMO_TABLE_NAME is needed")
    return table


def _given_values() -> tuple[str, ...]:
    given = partition_values_from_text(os.environ.get("GSI_PK_VALUE", "").strip())
    try:
        return TypeAdapter(tuple[KeyValue, ...]).validate_python(given)
    except ValidationError:
        fault = Fault("environment", "GSI_PK_VALUE", "values separated by commas, or a JSON list of texts", str(given))
        raise SettingsError([fault]) from None


def _region() -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise UsageError("AWS_REGION is needed")
    return region


def _schema_path(out: Path | None) -> str:
    schema = DATASET_SCHEMA_FILE
    return schema.name if out is None else os.path.relpath(schema, out.resolve().parent)
