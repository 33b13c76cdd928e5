"""`exporter verify`."""

import sys

import click

from dataset_model.records.verification import Verification, VerifiedDay
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.cli import options
from exporter.cli.session import stop_on_signal


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


_HEAD = (
    f"  {'day':<10}  {'state':<7}  {'DynamoDB':>12}  {'manifest':>12}  {'objects':>12}  {'Athena':>12}  {'keys':>12}"
)


def verification_text(found: Verification, *, all_days: bool) -> str:
    """Return a verification in lines; without `all_days`, of the days those alone that do not agree."""
    shown = [day for day in found.days if all_days or day.disagreements]
    lines = [f"{found.dataset}: compared {found.compared}"]
    lines += [_HEAD, *(line for day in shown for line in _day(day, all_days=all_days))] if shown else []
    compared = [day for day in found.days if day.state != "unread" or day.disagreements]
    agreeing = sum(not day.disagreements for day in compared)
    lines.append(f"  {agreeing:,} of {len(compared):,} days agree")
    withheld = f" + {found.withheld:,} withheld" if found.window is None else ""
    unaccounted = f" + {found.unaccounted:,} unaccounted for" if found.unaccounted else ""
    lines.append(f"  {found.items:,} items in DynamoDB; published {found.rows:,} rows{withheld}{unaccounted}")
    scanned = "" if found.athena_bytes is None else f", {found.athena_bytes:,} bytes scanned by Athena"
    lines.append(f"  cost: {found.read_units:,.1f} read units, as Select=COUNT{scanned}")
    lines += [f"  note: {note}" for note in found.notes]
    lines += [f"  disagreement: {reason}" for reason in found.disagreements]
    return "\n".join([*lines, "everything agrees" if found.agrees else "NOT everything agrees"])


def _day(day: VerifiedDay, *, all_days: bool) -> list[str]:
    counts = (day.items, day.rows, day.object_rows, day.athena_rows, day.athena_keys)
    cells = "  ".join(f"{'-' if count is None else f'{count:,}':>12}" for count in counts)
    lines = [f"  {day.day}  {day.state:<7}  {cells}"]
    if all_days and len(day.values) > 1:
        for name, value in day.values.items():
            value_counts = (value.items, value.rows, None, value.athena_rows, None)
            cells = "  ".join(f"{'-' if count is None else f'{count:,}':>12}" for count in value_counts)
            lines.append(f"    {name[:15]:<17}  {cells}")
    return [*lines, *(f"    {reason}" for reason in day.disagreements)]
