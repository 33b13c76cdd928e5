"""`python -m exporter`: the command line. Results go to standard output, logs to standard error.

Exit status: 0 done, 1 failed, 2 wrong settings or usage.
"""

import os
import sys

if __name__ == "__main__":
    from exporter.runtime import lean_imports

    lean_imports.exclude()

import click

from exporter.cli import Verbs
from exporter.errors import ExportError, SettingsError, UsageError


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Export a DynamoDB index to partitioned Parquet that Athena can query."""
    from exporter.runtime.sdk_patches import patch_sdk

    patch_sdk()


def main() -> None:
    """Run the command line; anticipated failures end in one clear message."""
    try:
        cli(prog_name="exporter")
    except (SettingsError, UsageError) as error:
        click.echo(f"exporter: {error}", err=True)
        sys.exit(2)
    except ExportError as error:
        click.echo(f"exporter: {error}", err=True)
        sys.exit(1)


def _leave(status: int) -> None:
    """End the process at once: the interpreter's own end frees all memory piece by piece, a tenth of a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            _leave(end.code)
        raise
