"""Logs and reports of the demo's programs flow in, lines for the terminal flow out."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from local.demo.settings import BUCKET, aws_environment
from local.demo.stages import tail


def items_read(log: Path) -> str:
    """Return how far the exporter is by the last line of its log, or nothing where that line has no count."""
    try:
        return f"{json.loads(tail(log, 1)[0])['items']:,} items read"
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def export_summary(output: Path) -> str:
    """Return what the exporter's report says in a few words, or nothing where there is no report."""
    try:
        report = json.loads(tail(output)[-1])
        rows, days, quarantined = report["rows"], len(report["partitions"]), report["quarantined"]
    except (IndexError, KeyError, TypeError, ValueError):
        return ""
    return f"{rows:,} rows on {days} days, {quarantined} quarantined"


def environment_script(environment: Mapping[str, str]) -> str:
    """Return shell lines that point a terminal at the demo."""
    names = [*sorted(aws_environment("")), "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
    lines = [f"export {name}={shlex.quote(environment[name])}" for name in names]
    lines += ["export NO_PROXY=127.0.0.1,localhost", "unset AWS_PROFILE AWS_SESSION_TOKEN", ""]
    return "\n".join(lines)


def ready_lines(url: str, variables: str, folder: str) -> list[str]:
    """Return what to say when the dashboard answers; `variables` is the file with `environment_script`."""
    # Not .venv/bin/aws: where the path of the clone has a space, that script cannot find its Python.
    aws = "    .venv/bin/python -m awscli"
    return [
        "",
        f"  The dashboard is at {url}",
        "",
        "  In another terminal, after",
        f"    . {shlex.quote(variables)}",
        "  the AWS stand-in answers the exporter, any SDK and the aws command, for example",
        f"{aws} s3 ls s3://{BUCKET}/dynamo-gsi-export/ --recursive",
        f"{aws} dynamodb scan --table-name contacts --max-items 1",
        f"{aws} athena list-table-metadata --catalog-name AwsDataCatalog --database-name gsi_dynamodb_athena_db",
        "    .venv/bin/python -m exporter export --mode PREVIOUS_DAY",
        "",
        f"  Logs are in {folder}. Ctrl-C stops everything.",
        "",
    ]
