"""Logs and reports of the demo's programs flow in, lines for the terminal flow out."""

import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from dataset_model import Dataset
from local.demo.settings import BUCKET
from local.demo.stages import tail

SEND = ".venv/bin/python -m dashboard.reports run"
"""Sends the alerts and reports that are due."""


def items_read(log: Path) -> str:
    """Return how far the exporter is by the last line of its log, or nothing where that line has no count."""
    try:
        return f"{json.loads(tail(log, 1)[0])['items']:,} items read"
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def export_summary(output: Path) -> str:
    """Return what the exporter's reports say in a few words, or nothing where there is no report."""
    try:
        reports = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines() if line.strip()]
        rows = sum(report["rows"] for report in reports)
        days = max(len(report["partitions"]) for report in reports)
        quarantined = sum(report["quarantined"] for report in reports)
    except (OSError, KeyError, TypeError, ValueError):
        return ""
    datasets = f" of {len(reports)} datasets" if len(reports) > 1 else ""
    return f"{rows:,} rows{datasets} on {days} days, {quarantined} quarantined"


def environment_script(environment: Mapping[str, str], own: Collection[str]) -> str:
    """Return shell lines that point a terminal at the demo; `own` names the variables that it has set."""
    names = [*sorted(own), "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
    lines = [f"export {name}={shlex.quote(environment[name])}" for name in names]
    lines += ["export NO_PROXY=127.0.0.1,localhost", "unset AWS_PROFILE AWS_SESSION_TOKEN"]
    lines += ["unset REPORT_SECRET REPORT_WEBHOOKS REPORT_INTERNAL_HOSTS", ""]
    return "\n".join(lines)


def ready_lines(url: str, mail_url: str, variables: str, folder: str, datasets: Sequence[Dataset]) -> list[str]:
    """Return what to say when the dashboard answers; `variables` is the file with `environment_script`."""
    first = datasets[0]
    choice = f" --dataset {first.name}" if len(datasets) > 1 else ""
    # Not .venv/bin/aws: where the path of the clone has a space, that script cannot find its Python.
    aws = "    .venv/bin/python -m awscli"
    return [
        "",
        f"  The dashboard is at {url}",
        f"  What it mails is at {mail_url}",
        "",
        "  In another terminal, after",
        f"    . {shlex.quote(variables)}",
        "  the AWS stand-in answers the exporter, any SDK and the aws command, for example",
        f"{aws} s3 ls s3://{BUCKET}/{first.target.prefix}/ --recursive",
        f"{aws} dynamodb scan --table-name {first.source.table} --max-items 1",
        f"{aws} athena list-table-metadata --catalog-name AwsDataCatalog --database-name {first.target.database}",
        f"    .venv/bin/python -m exporter export --mode PREVIOUS_DAY{choice}",
        f"    {SEND}",
        "",
        f"  Logs are in {folder}. Ctrl-C stops everything.",
        "",
    ]
