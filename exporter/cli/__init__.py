"""Command line options flow in, text and exit status flow out; one module per verb."""

from importlib import import_module

import click

VERBS = {
    "export": "export", "backfill": "backfill", "plan": "plan", "discover": "discover_command", "verify": "verify",
    "doctor": "doctor", "quarantine": "quarantine", "sync": "sync", "runs": "runs",
    "stream": "stream", "compact": "compact", "lookup": "lookup", "quicksight": "quicksight",
}  # fmt: skip
"""Verb -> its command in the module of that name."""


class Verbs(click.Group):
    """The command line; a verb's module is loaded when the verb is used, because a scheduled run uses one."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the verbs in the order in which a reader meets them."""
        return list(VERBS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, or None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), VERBS[cmd_name])
        return command
