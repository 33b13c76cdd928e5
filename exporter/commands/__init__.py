"""The verbs of the command line, one module each: options in, one call of the module that does the work, text out."""

from exporter.commands.backfill import backfill
from exporter.commands.discover import discover_command
from exporter.commands.doctor import doctor
from exporter.commands.export import export
from exporter.commands.plan import plan
from exporter.commands.quarantine import quarantine
from exporter.commands.runs import runs
from exporter.commands.sync import sync
from exporter.commands.verify import verify

VERBS = (export, backfill, plan, discover_command, verify, doctor, quarantine, sync, runs)
