"""Command line options flow in, text and exit status flow out; one module per verb."""

from importlib import import_module

import click

VERBS = {
    "export": "export.export", "backfill": "backfill.backfill", "plan": "inspect.plan.plan",
    "discover": "inspect.discover.discover_command", "verify": "inspect.verify.verify",
    "doctor": "inspect.doctor.doctor", "quarantine": "quarantine.quarantine", "sync": "sync.sync",
    "runs": "inspect.runs.runs", "stream": "stream.stream", "compact": "compact.compact",
    "changes": "changes.changes",
    "convert": "convert.convert", "scan-segments": "convert.scan_segments", "lookup": "inspect.lookup.lookup",
    "quicksight": "quicksight.quicksight", "normalize": "normalize.normalize",
}  # fmt: skip
"""Verb -> module and name of its command."""


class Verbs(click.Group):
    """The command line; a verb's module is loaded when the verb is used, because a scheduled run uses one."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the verbs in the order in which a reader meets them."""
        return list(VERBS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, or None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name].rsplit(".", 1)
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command
