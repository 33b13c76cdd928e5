"""`python -m dashboard.reports run`: looks at every alert and report, and sends what is due.

Started each quarter of an hour by a scheduler. It may run twice at once: each message is sent by one of them.
"""

import argparse
import datetime as dt
import logging
import os
import sys
from collections.abc import Sequence

from dashboard.aws.s3 import Objects
from dashboard.errors import DashboardError
from dashboard.reports.personal.rights import Makers
from dashboard.reports.run import Line, Run
from dashboard.reports.settings import report_settings_of_process
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access, access_from_environment, role_map_from_environment
from dashboard.stores.api_tokens import TokenStore
from dataset_model.faults import DatasetError

DONE, FAILED, WRONG = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where a message failed, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.reports", description="Send alerts and reports.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="look at every alert and report, and send what is due")
    run.add_argument("--dataset", action="append", help="a dataset's name; several times for several; default: all")
    run.add_argument("--dry-run", action="store_true", help="print what would be sent; send and record nothing")
    run.add_argument("--now", type=_instant, help="run as at this instant, such as 2026-02-03T08:00:00+00:00")
    given = parser.parse_args(arguments)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        settings = settings_from_environment(os.environ, fetch=Objects(region).text)
        reports = report_settings_of_process(os.environ)
        signs_in = access_from_environment(os.environ) is Access.SIGN_IN
        role_map = role_map_from_environment(os.environ)
    except (DatasetError, DashboardError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    served = {dataset.name: dataset for dataset in settings.datasets}
    if unknown := [name for name in given.dataset or () if name not in served]:
        sys.stderr.write(f"--dataset: expected one of {', '.join(served)}; found {', '.join(unknown)}\n")
        return WRONG
    _log_to_stderr(settings.log_level)
    service = Service(settings)
    clock = (lambda: given.now) if given.now else lambda: dt.datetime.now(dt.UTC)
    sign_ins = TokenStore(service.objects, settings.bucket, settings.datasets[0].target.prefix)

    def makers() -> Makers:
        return Makers(sign_ins.load(), role_map, signs_in, reports.domains)

    try:
        lines = Run(service, reports, clock, is_dry=given.dry_run, makers=makers).lines(
            served[name] for name in given.dataset or served
        )
    finally:
        service.close()
    for line in lines:
        sys.stdout.write(_text(line))
    return FAILED if any(line.has_failed for line in lines) else DONE


def _log_to_stderr(level: str) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _instant(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"expected an instant with its zone; found {text}")
    return found


def _text(line: Line) -> str:
    occasion = f" {line.occasion}" if line.occasion else ""
    text = f"{line.notice}{occasion}: {line.outcome}. {line.text}".rstrip() + "\n"
    for sent in line.sent:
        text += f"  {sent.reader}: {sent.state}{f': {sent.reason}' if sent.reason else ''}\n"
    return text


if __name__ == "__main__":
    sys.exit(main())
