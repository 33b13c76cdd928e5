"""`python -m infra`: deploy, delete, outputs, status, export, logs, diff.

Exit status: 0 done, 1 failed or declined, 2 wrong usage or a wrong environment file; `diff` ends with 3 where something
would change.
"""

import datetime as dt
import sys
from dataclasses import dataclass
from typing import get_args

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra.clients import Clients
from infra.deployment.delete import Deletion
from infra.deployment.deploy import Declined, Deployment
from infra.deployment.display import Display
from infra.deployment.images import Program
from infra.deployment.stacks import Stacks
from infra.errors import EnvironmentFault, InfraError
from infra.operations.exports import Range
from infra.operations.observation import alarm_states, log_lines, stack_states, subscription_states
from infra.settings.environment import Environment, load_environment, readiness_warnings
from infra.settings.templates import Template, TemplateName, load_templates


@dataclass
class _Context:
    environment: Environment
    templates: dict[TemplateName, Template]
    clients: Clients
    stacks: Stacks
    display: Display

    def deployment(self, *, yes: bool, images: dict[Program, str], keep_images: bool) -> Deployment:
        return Deployment(
            self.environment, self.templates, self.clients, self.stacks, self.display,
            confirm=lambda question: yes or click.confirm(question),
            images=images, keep_images=keep_images,
        )  # fmt: skip


def _context(name: str) -> _Context:
    templates = load_templates()
    environment = load_environment(name, templates)
    clients = Clients(environment.region)
    display = Display(Console(highlight=False))
    return _Context(environment, templates, clients, Stacks(clients.cloudformation, display.event), display)


_env = click.option("--env", "name", required=True, help="Name of a file in infra/environments, or a path.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Deploy the exporter and the dashboard to AWS, and look after them."""


@cli.command()
@_env
@_yes
@click.option("--exporter-image", help="Image in ECR, instead of building one.")
@click.option("--dashboard-image", help="Image in ECR, instead of building one.")
@click.option("--keep-images", is_flag=True, help="Deploy the images that run already.")
@click.option(
    "--export/--no-export", "export_", default=None, help="Run an export; by default on the first deployment."
)
def deploy(
    name: str,
    *,
    yes: bool,
    exporter_image: str | None,
    dashboard_image: str | None,
    keep_images: bool,
    export_: bool | None,
) -> None:
    """Show what would change, ask, deploy, run the first export and print the outputs."""
    context = _context(name)
    given: dict[Program, str | None] = {"exporter": exporter_image, "dashboard": dashboard_image}
    images = {program: image for program, image in given.items() if image}
    deployment = context.deployment(yes=yes, images=images, keep_images=keep_images)
    context.display.outputs(deployment.deploy(export=export_))


@cli.command()
@_env
def diff(name: str) -> None:
    """Show what `deploy --keep-images` would change, and change nothing."""
    if _context(name).deployment(yes=False, images={}, keep_images=True).diff():
        sys.exit(3)


@cli.command()
@_env
@_yes
@click.option("--with-data", is_flag=True, help="Delete the data bucket and the created table as well; asks for names.")
def delete(name: str, *, yes: bool, with_data: bool) -> None:
    """Delete the dashboard and the exporter; the data stays unless its name is typed."""
    context = _context(name)
    stack = context.environment.stack_of("template")

    def typed(question: str) -> str:
        return str(click.prompt(question, default="", show_default=False))

    deletion = Deletion(
        context.environment,
        context.clients,
        context.stacks,
        context.display,
        confirm=lambda question: yes or typed(f"{question} Type {stack}, the name of its workgroup as well") == stack,
        ask=typed,
    )
    if not deletion.delete(with_data=with_data):
        raise Declined


@cli.command()
@_env
def outputs(name: str) -> None:
    """Print the outputs of all stacks."""
    context = _context(name)
    names: tuple[TemplateName, ...] = get_args(TemplateName)
    found = [context.stacks.outputs(context.environment.stack_of(name)) for name in names if name != "registry"]
    context.display.outputs({key: value for one in found for key, value in one.items()})


@cli.command()
@_env
def status(name: str) -> None:
    """Print the state of the stacks, of the alarms and of the alarm topic's subscriptions."""
    context = _context(name)
    context.display.outputs(stack_states(context.stacks, context.environment))
    context.display.outputs(alarm_states(context.clients, context.stacks, context.environment))
    context.display.outputs(subscription_states(context.clients, context.stacks, context.environment))
    for warning in readiness_warnings(context.environment):
        context.display.say(f"Note: {warning}")


@cli.command()
@_env
@click.option("--start", help="First day, YYYY-MM-DD.")
@click.option("--end", help="Last day, included.")
@click.option("--all", "everything", is_flag=True, help="Every day that the index holds.")
def export(name: str, *, start: str | None, end: str | None, everything: bool) -> None:
    """Run an export now and wait for it; without options, what the schedule would read."""
    if bool(start) != bool(end) or (everything and start):
        raise click.UsageError("give --start and --end together, or --all, or none of them")
    context = _context(name)
    found = context.stacks.outputs(context.environment.stack_of("template"))
    if not found:
        raise InfraError(f"there is no stack {context.environment.stack}; deploy it first")
    context.deployment(yes=False, images={}, keep_images=True).export(found, Range(start, end, everything))


@cli.command()
@_env
@click.option("--dashboard", is_flag=True, help="The dashboard's log instead of the exporter's.")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1), help="How far back.")
@click.option("--follow", is_flag=True, help="Go on with what is written from now on.")
def logs(name: str, *, dashboard: bool, minutes: int, follow: bool) -> None:
    """Print the log of the exporter or of the dashboard."""
    context = _context(name)
    stack = context.environment.stack_of("dashboard" if dashboard else "template")
    group = context.stacks.outputs(stack).get("DashboardLogGroup" if dashboard else "ExporterLogGroup")
    if not group:
        raise InfraError(f"stack {stack} is not deployed, or its host keeps its log elsewhere (App Runner does)")
    since = int((dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)).timestamp() * 1000)
    for moment, line in log_lines(context.clients.logs, group, since, follow=follow):
        click.echo(f"{dt.datetime.fromtimestamp(moment / 1000, dt.UTC):%Y-%m-%dT%H:%M:%SZ}  {line.rstrip()}")


def main() -> None:
    """Run the command line; anticipated failures end in one clear message."""
    try:
        cli(prog_name="python -m infra")
    except EnvironmentFault as error:
        click.echo(f"infra: {error}", err=True)
        sys.exit(2)
    except Declined:
        click.echo("infra: nothing was changed from here on", err=True)
        sys.exit(1)
    except (InfraError, ClientError, BotoCoreError) as error:
        click.echo(f"infra: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("infra: stopped waiting; what AWS has begun goes on (python -m infra status)", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
