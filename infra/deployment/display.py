"""What an operator sees: change sets, events, outputs. Tables on a terminal, plain lines elsewhere."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.deployment.stacks import Change, ChangeSet, Event

_COLOURS = {"Add": "green", "Modify": "yellow", "Remove": "red"}


class Display:
    """Writes to a console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        """Write a line."""
        self.console.print(escape(text), soft_wrap=True)

    def change_set(self, change_set: ChangeSet, previous: Mapping[str, str], parameters: Mapping[str, str]) -> None:
        """Show what would happen to a stack, and which parameters differ from the deployed ones."""
        verb = "would be made" if change_set.is_new else "would change"
        self.say(f"\nStack {change_set.stack} {verb}: {_summary(change_set.changes)}")
        for name in sorted(name for name in parameters if previous and previous.get(name) != parameters[name]):
            self.say(f"  {name}: {previous.get(name, '(default)')!r} -> {parameters[name]!r}")
        table = Table(box=None, pad_edge=True)
        for column in ("", "resource", "type", ""):
            table.add_column(column, overflow="fold")
        for change in sorted(change_set.changes, key=lambda one: (one.action, one.resource)):
            notes = ["replaced; what it holds is lost or orphaned"] if change.replaced else []
            notes += ["changed outside of CloudFormation; a deployment sets it back"] if change.drifted else []
            colour = "red" if change.replaced else _COLOURS.get(change.action, "white")
            table.add_row(f"[{colour}]{change.action}[/]", change.resource, change.type, "; ".join(notes))
        self.console.print(table)

    def event(self, event: Event) -> None:
        """Show one event of a stack."""
        colour = "red" if event.status.endswith("FAILED") else "green" if event.status.endswith("COMPLETE") else "dim"
        reason = f"  {event.reason}" if event.reason else ""
        self.console.print(
            f"  [{colour}]{event.status:<32}[/] {escape(event.resource)} {escape(reason)}", soft_wrap=True
        )

    def outputs(self, outputs: Mapping[str, str]) -> None:
        """Show outputs, one per line, so that they can be cut and pasted."""
        width = max(map(len, outputs), default=0)
        for name, value in sorted(outputs.items()):
            self.console.print(f"[bold]{name:<{width}}[/]  {escape(value)}", soft_wrap=True)


def _summary(changes: Sequence[Change]) -> str:
    counts = {action: sum(change.action == action for change in changes) for action in ("Add", "Modify", "Remove")}
    shown = [f"{count} to {action.lower()}" for action, count in counts.items() if count]
    replaced = sum(change.replaced for change in changes)
    return ", ".join(shown) + (f", {replaced} of them replaced" if replaced else "") if shown else "no resource"
