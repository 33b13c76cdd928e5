"""`python -m conformance`: start Athena's engine, compare, print the table, write the documents."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from conformance import report
from conformance.comparison import Part
from conformance.engine.archive import ARCHIVE_MEGABYTES, VERSION, EngineUnavailable, fetch
from conformance.engine.client import Trino
from conformance.engine.process import running
from conformance.exports.publish import Export, ExportFailed, publish
from conformance.parts import guard, local_athena, product, tables
from conformance.stand_in import StandIn, standing_in

FOLDER = Path(".conformance")
CONTACTS = 3_000
PARTS = ("tables", "product", "guard", "local")


def main() -> int:
    """Return 0 where every difference is explained, 1 where one is not, 2 where the engine cannot be had."""
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="parts to run (all: the documents are written)")
    wanted = parser.parse_args().parts or list(PARTS)
    started = time.monotonic()
    _say(f"Trino {VERSION}: the first run downloads {ARCHIVE_MEGABYTES} MB; a run takes half an hour on two cores")
    try:
        home = fetch(FOLDER)
        with standing_in() as stand_in:
            exports = publish(stand_in, CONTACTS)
            _say(f"exported {', '.join(export.name for export in exports)} ({time.monotonic() - started:.0f} s)")
            with running(home, stand_in.url) as trino:
                parts = [_run(name, trino, stand_in, exports) for name in wanted]
    except (EngineUnavailable, ExportFailed) as error:
        _say(str(error))
        return 2
    print(report.table(parts))
    remaining = report.unexplained(parts)
    if remaining:
        print(remaining)
    if len(wanted) == len(PARTS):
        report.write(parts)
    _say(f"{time.monotonic() - started:.0f} s")
    return 1 if remaining else 0


def _run(name: str, trino: Trino, stand_in: StandIn, exports: tuple[Export, ...]) -> Part:
    runs: dict[str, Callable[[], Part]] = {
        "tables": lambda: tables.compare(trino, stand_in),
        "product": lambda: product.compare(trino, stand_in, exports),
        "guard": lambda: guard.compare(trino, stand_in),
        "local": lambda: local_athena.compare(trino, stand_in),
    }
    started = time.monotonic()
    part = runs[name]()
    _say(f"{name}: {part.statements} statements in {time.monotonic() - started:.0f} s")
    return part


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
