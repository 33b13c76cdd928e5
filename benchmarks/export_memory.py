"""Peak memory of reading a table export, from a small to a large data file (`python benchmarks/export_memory.py`).

Three programs read an export of one file: `backfill` without workers, a worker (`convert`), as a task of the state
machine or a process of `--workers` does, and `backfill` of what the worker left. Exits with 1 over 256 MiB. `--short`
takes up to half a million items.
"""

import argparse
import subprocess
import sys

from support.bench import BENCHMARKS, ROOT, storage
from support.measure import run
from support.peers import BUCKET

MIB = 1 << 20
MOST_MIB = 256

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true", "S3_BUCKET": BUCKET, "DYNAMO_TABLE_NAME": "contacts",
    "SOURCE_KIND": "scan", "DATE_ATTRIBUTE": "InitiationTimestamp", "LOG_LEVEL": "ERROR", "PATH": "/usr/bin:/bin",
}  # fmt: skip


def main() -> None:
    """Measure, print a table, and exit with 1 over the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="up to half a million items")
    parser.add_argument("--items", type=int, nargs="+")
    options = parser.parse_args()
    peaks: list[float] = []
    print("| program | items | file MiB | peak MiB | CPU s |")
    print("| ------- | ----- | -------- | -------- | ----- |")
    for items in options.items or ((100_000, 500_000) if options.short else (200_000, 2_000_000)):
        with storage() as url:
            maker = [sys.executable, "-m", "support.large_export", url, str(items)]
            made = subprocess.run(maker, cwd=BENCHMARKS, check=True, stdout=subprocess.PIPE, text=True).stdout
            arn, file_bytes = made.split()
            backfill = ["backfill", "--source", "table-export", "--start", "2026-02-01", "--end", "2026-02-28"]
            programs = {
                "backfill": ("whole", backfill),
                "convert": ("converted", ["convert"]),
                "backfill of what was converted": ("converted", [*backfill, "--workers", "1"]),
            }
            for name, (prefix, words) in programs.items():
                variables = VARIABLES | {"AWS_ENDPOINT_URL": url, "S3_PREFIX": prefix, "ATHENA_TABLE": prefix}
                command = [sys.executable, "-m", "exporter", *words, "--export-arn", arn, "--json"]
                cost = run(command, ROOT, variables)
                peaks.append(cost.peak_bytes / MIB)
                if (found := cost.report.get("rows", cost.report.get("items"))) != items:
                    sys.exit(f"{name}: {found:,} of {items:,} items arrived")
                size = int(file_bytes) / MIB
                print(f"| {name} | {items:,} | {size:.0f} | {peaks[-1]:.0f} | {cost.cpu_seconds:.1f} |", flush=True)
    if max(peaks) > MOST_MIB:
        sys.exit(f"over the bound: at most {MOST_MIB} MiB")


if __name__ == "__main__":
    main()
