"""`exporter verify`."""

import sys

import click

from exporter.audit.verify import Verifier, VerifyRequest
from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.cli.verify_text import verification_text


@click.command()
@options.DATASET
@options.START
@options.END
@options.MAX_READ_UNITS
@click.option("--no-athena", is_flag=True, help="Leave Athena out, for roles that may not query it.")
@click.option("--all-days", is_flag=True, help="Show the days that agree as well.")
@options.JSON
def verify(
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    max_read_units: float | None,
    no_athena: bool,
    all_days: bool,
    as_json: bool,
) -> None:
    """Compare DynamoDB, the manifest, the objects and Athena, day by day; exit with 1 if they do not agree.

    Without --start and --end the whole key is read, which finds items with unreadable dates as well.
    """
    settings = options.settings_of(DATASET=dataset)
    request = VerifyRequest(options.window_of(settings, start, end), not no_athena, max_read_units)
    with stop_on_signal() as stop:
        found = Verifier(settings, request, stop=stop).run()
    click.echo(found.model_dump_json() if as_json else verification_text(found, all_days=all_days))
    sys.exit(0 if found.agrees else 1)
