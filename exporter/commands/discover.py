"""`exporter discover`."""

import datetime as dt
import os
from pathlib import Path

import click

import datasets
from datasets import Dataset, DatasetError, load_dataset
from exporter.commands import options
from exporter.discover import Discovery, DiscoveryRequest, discover
from exporter.errors import SettingsError, UsageError
from exporter.logs import configure_logging
from exporter.proposal_text import difference, proposal_text, revised_text

_SHIPPED = Path(datasets.__file__).parent


@click.command(name="discover")
@options.DATASET
@click.option("--table", help="DynamoDB table; default: DYNAMO_TABLE_NAME, or the dataset's.")
@click.option("--index", help="Index; default: GSI_NAME, the dataset's, or the table's only one.")
@click.option(
    "--partition-value", "values", multiple=True, help="Partition value to sample; may be given several times."
)
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
    scan: bool,
    out: Path | None,
) -> None:
    """Propose a dataset file from a sample, with a reason for each type; for an existing file, what it would change."""
    configure_logging("WARNING")
    existing = _existing(dataset or os.environ.get("DATASET"), out)
    declared = _declared(existing)
    text = existing.read_text(encoding="utf-8-sig") if existing else ""
    source = declared.source if declared else None
    request = DiscoveryRequest(
        region=_region(),
        table=_table(table, declared),
        index=index or os.environ.get("GSI_NAME") or (source.index if source else None),
        values=values or _given_values() or (source.partition_values if source else ()),
        scan=scan,
        date_format=source.date_format if source else os.environ.get("DATE_FORMAT"),
    )
    found = discover(request, dt.datetime.now(dt.UTC))
    _tell(found, text, declared, existing, out)


def _tell(found: Discovery, text: str, declared: Dataset | None, existing: Path | None, out: Path | None) -> None:
    if declared is None or existing is None:
        proposed = proposal_text(found.proposal, _schema_path(out))
        shown = proposed
    else:
        proposed = revised_text(text, declared, found.proposal, found.sample)
        shown = difference(text, proposed, existing.name)
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


def _existing(reference: str | None, out: Path | None) -> Path | None:
    if reference:
        is_path = "/" in reference or reference.endswith((".yaml", ".yml"))
        path = Path(reference) if is_path else _SHIPPED / f"{reference}.yaml"
        if path.is_file():
            return path
        raise UsageError(f"no dataset file {reference}; leave out --dataset to propose a new one")
    return out if out and out.is_file() else None


def _declared(existing: Path | None) -> Dataset | None:
    if existing is None:
        return None
    try:
        return load_dataset(str(existing.resolve()), {})
    except DatasetError as error:
        raise SettingsError(error.faults) from None


def _table(given: str | None, declared: Dataset | None) -> str:
    table = given or os.environ.get("DYNAMO_TABLE_NAME") or (declared.source.table if declared else None)
    if not table:
        raise UsageError("--table or DYNAMO_TABLE_NAME is needed")
    return table


def _given_values() -> tuple[str, ...]:
    return tuple(value.strip() for value in os.environ.get("GSI_PK_VALUE", "").split(",") if value.strip())


def _region() -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise UsageError("AWS_REGION is needed")
    return region


def _schema_path(out: Path | None) -> str:
    schema = _SHIPPED / "dataset.schema.json"
    return schema.name if out is None else os.path.relpath(schema, out.resolve().parent)
