"""`exporter convert`."""

import click
import orjson

from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.clients import Clients
from exporter.errors import Interrupted, UsageError


@click.command()
@options.DATASET
@click.option("--export-arn", required=True, metavar="ARN", help="Completed table export.")
@click.option("--file", "keys", multiple=True, metavar="KEY", help="Data file, as manifest-files.json names it.")
@click.option("--files", metavar="JSON", help="The same for several: a JSON list of keys.")
@options.JSON
def convert(*, dataset: str | None, export_arn: str, keys: tuple[str, ...], files: str | None, as_json: bool) -> None:
    """Convert files of a table export, or all that are left, for `backfill --source table-export --workers`."""
    from exporter.run.table_export.converter import Converter
    from exporter.run.table_export.exporting import export_to_read

    settings = options.settings_of(DATASET=dataset)
    wanted = [*keys, *_listed(files)]
    with stop_on_signal() as stop:
        converter = Converter(settings, export_to_read(Clients(settings.region), settings, export_arn, stop))
        chosen = converter.named(wanted) if wanted else converter.missing()
        items = 0
        for number, file in enumerate(chosen):
            if stop.is_set():
                raise Interrupted(f"stopped; {len(chosen) - number} files are left. Run the same command again")
            items += converter.convert(file).items
    found = {"files": len(chosen), "items": items}
    click.echo(orjson.dumps(found).decode() if as_json else f"{items:,} items of {len(chosen):,} files converted")


def _listed(files: str | None) -> list[str]:
    if files is None:
        return []
    try:
        found = orjson.loads(files)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise UsageError(f"--files: expected a JSON list of keys; found {files[:60]!r}")
    return found
