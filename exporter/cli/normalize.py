"""`exporter normalize`: conversations and their messages in one step."""

from typing import Any

import click
import orjson

from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.clients import fetch_text
from exporter.errors import UsageError
from exporter.runtime.clock import utc_now
from exporter.runtime.logs import configure_logging


@click.command()
@options.START
@options.END
@options.ALL
@click.option("--file", "key", metavar="KEY", help="Publish the rows of a CSV file in the bucket, put by hand.")
@options.JSON
def normalize(*, start: str | None, end: str | None, everything: bool, key: str | None, as_json: bool) -> None:
    """Export conversations and messages, and write both as CSV; without options, the configured range."""
    from exporter.conversations.normalize import normalize as normalized
    from exporter.conversations.settings import conversation_settings
    from exporter.conversations.uploaded_csv import publish_upload

    if key and (start or end or everything):
        raise UsageError("--file publishes the days of its rows; leave out --start, --end and --all")
    settings = conversation_settings(fetch=fetch_text)
    configure_logging(settings.datasets[0].log_level)
    if key:
        runs = publish_upload(settings, settings.bucket, key, utc_now)
        done: dict[str, Any] = {"status": "succeeded", "published": runs}
    else:
        event = {
            name: value for name, value in {"startDate": start, "endDate": end, "all": everything}.items() if value
        }
        with stop_on_signal() as stop:
            done = normalized(settings, event, stop)
    click.echo(orjson.dumps(done).decode() if as_json else _text(done))


def _text(done: dict[str, Any]) -> str:
    runs = list(done["runs"].values()) if "runs" in done else done["published"]
    lines = [f"{run['dataset']}: {run['rows']:,} rows in {len(run['partitions'])} days" for run in runs]
    lines += [f"  {address}" for address in done.get("csv", {}).values()]
    return "\n".join(lines) or "nothing to publish: the exporter has written this file itself"
