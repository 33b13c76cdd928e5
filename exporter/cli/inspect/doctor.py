"""`exporter doctor`."""

import dataclasses
import datetime as dt
import sys

import click
import orjson

from exporter.audit.doctor import examine, findings_text
from exporter.cli import options


@click.command()
@options.DATASET
@options.JSON
def doctor(*, dataset: str | None, as_json: bool) -> None:
    """Check bucket, manifest, ledger and catalogue; exit with 1 if there are findings."""
    settings = options.settings_of(DATASET=dataset)
    found = examine(settings, dt.datetime.now(dt.UTC))
    if as_json:
        content = {"dataset": settings.dataset.name, "findings": [dataclasses.asdict(finding) for finding in found]}
        click.echo(orjson.dumps(content).decode())
    else:
        click.echo(findings_text(found, settings.dataset.name))
    sys.exit(1 if found else 0)
