"""`exporter lookup`: current items, straight from DynamoDB."""

import os
from decimal import Decimal, InvalidOperation

import click

from exporter.cli import options
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.lookup.answer import answer, json_line, table_lines
from exporter.lookup.questions import (
    DEFAULT_INSIGHTS_TABLE,
    DEFAULT_METRICS_TABLE,
    Question,
    entities,
    insights_of,
    one_entity,
    predictions,
)
from exporter.runtime.logs import configure_logging


class _Number(click.ParamType[Decimal]):
    """A number as DynamoDB holds it: decimal, with any number of digits up to 38."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the number, or end with what is wrong."""
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or len(number.as_tuple().digits) > 38 or not -130 < number.adjusted() < 126:
            self.fail(f"{value!r} is no number that DynamoDB can hold, such as 70 or 62.5", param, ctx)
        return number


_LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Items at most.")


@click.group()
def lookup() -> None:
    """Show current items of the operations tables, without an export."""


@lookup.command()
@click.option("--entity", metavar="ID", help="One entity, for example stu_4532.")
@click.option("--entity-type", metavar="T", help="Entities of a type, for example student; the last updated first.")
@click.option("--health-below", type=_Number(), metavar="N", help="Of that type, health scores below N, lowest first.")
@click.option("--table", envvar="METRICS_TABLE_NAME", default=DEFAULT_METRICS_TABLE, show_default=True)
@_LIMIT
@options.JSON
def metrics(
    *, entity: str | None, entity_type: str | None, health_below: Decimal | None, table: str, limit: int, as_json: bool
) -> None:
    """Show the current metrics of an entity, or of the entities of a type."""
    _check_one("--entity", entity, "--entity-type", entity_type)
    if entity:
        _check_absent("--health-below", health_below, "--entity-type")
        question = one_entity(table, entity)
    else:
        question = entities(table, entity_type or "", health_below)
    _show(question, limit, as_json=as_json)


@lookup.command()
@click.option("--entity", metavar="ID", help="Insights about one entity, newest first.")
@click.option("--prediction-type", metavar="T", help="Insights of a type, newest first.")
@click.option("--risk-above", type=_Number(), metavar="N", help="Of that type, risk scores above N, highest first.")
@click.option("--table", envvar="INSIGHTS_TABLE_NAME", default=DEFAULT_INSIGHTS_TABLE, show_default=True)
@_LIMIT
@options.JSON
def insights(
    *,
    entity: str | None,
    prediction_type: str | None,
    risk_above: Decimal | None,
    table: str,
    limit: int,
    as_json: bool,
) -> None:
    """Show what was found about an entity, or the insights of a type."""
    _check_one("--entity", entity, "--prediction-type", prediction_type)
    if entity:
        _check_absent("--risk-above", risk_above, "--prediction-type")
        question = insights_of(table, entity)
    else:
        question = predictions(table, prediction_type or "", risk_above)
    _show(question, limit, as_json=as_json)


def _check_one(first: str, one: str | None, second: str, other: str | None) -> None:
    if bool(one) == bool(other):
        raise UsageError(f"give either {first} or {second}")


def _check_absent(option: str, value: Decimal | None, needed: str) -> None:
    if value is not None:
        raise UsageError(f"{option} needs {needed}")


def _show(question: Question, limit: int, *, as_json: bool) -> None:
    """Print the answer; whether there is more goes to standard error, so that the output stays rows alone."""
    configure_logging("WARNING")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise UsageError("AWS_REGION is not set: name the tables' region, for example AWS_REGION=eu-west-1")
    found = answer(Clients(region).dynamodb, question, limit)
    if as_json:
        for item in found.items:
            click.echo(json_line(question, item))
    elif found.items:
        for line in table_lines(question, found.items):
            click.echo(line)
    if found.more:
        click.echo(f"There are more than these {limit:,}; a higher --limit shows them.", err=True)
    if not found.items:
        click.echo("No item answers this.", err=True)
