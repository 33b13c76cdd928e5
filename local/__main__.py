"""`python -m local`: AWS on one machine, and sample data for it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from local.sample.prepare import prepare
from local.schedule import schedule
from local.server import DEFAULT_PORT, ServeError, serve


@click.group()
def main() -> None:
    """Stand in for AWS on one machine: DynamoDB, S3, Glue and Athena on one port."""


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--allow-remote", is_flag=True, help="Permit a host beyond loopback. No credentials are checked.")
@click.option("--s3-endpoint", help="Where Athena finds objects. Default: this server.")
@click.option("--glue-endpoint", help="Where Athena finds its catalogue. Default: this server.")
@click.option("--region", default="us-east-1", show_default=True, help="Region of requests that are not signed.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Keep the data here between runs. Default: nowhere.")
@click.option("--verbose", is_flag=True, help="Log what goes wrong inside.")
def serve_command(
    host: str,
    port: int,
    allow_remote: bool,
    s3_endpoint: str | None,
    glue_endpoint: str | None,
    region: str,
    data_dir: Path | None,
    verbose: bool,
) -> None:
    """Answer DynamoDB, S3, Glue and Athena until Ctrl-C."""
    logging.basicConfig(level=logging.INFO if verbose else logging.CRITICAL, stream=sys.stderr)
    logging.getLogger("local.state").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server = serve(
            port,
            host=host,
            s3_endpoint=s3_endpoint,
            glue_endpoint=glue_endpoint,
            region=region,
            allow_remote=allow_remote,
            data_dir=data_dir,
        )
    except ServeError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    click.echo(f"Ready. export AWS_ENDPOINT_URL={server.url}", err=True)
    with server:
        try:
            server.wait()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


def _interrupt(_: int, __: FrameType | None) -> None:
    """End on SIGTERM as on Ctrl-C."""
    raise KeyboardInterrupt


@main.command("seed")
@click.option("--items", default=12_000, show_default=True, help="Number of contacts.")
@click.option(
    "--endpoint-url",
    default=lambda: os.environ.get("AWS_ENDPOINT_URL", f"http://127.0.0.1:{DEFAULT_PORT}"),
    help="The server to fill. Default: AWS_ENDPOINT_URL, or the port that `serve` uses.",
)
def seed_command(items: int, endpoint_url: str) -> None:
    """Fill DynamoDB with sample contacts."""
    from local.sample.load import seed

    seed(endpoint_url, items)


main.add_command(prepare)
main.add_command(schedule)

if __name__ == "__main__":
    main()
