"""Peak memory of an export from a small to a large number of items, in one day and over 20 days.

    .venv/bin/python benchmarks/memory.py                       200 thousand and 5 million items
    .venv/bin/python benchmarks/memory.py --short               200 thousand and a million, over 20 days: two minutes

Exits with 1 over the bounds: 256 MiB at most, and 20 MiB of growth from the smallest to the largest number of items,
with the default ranges.
"""

import argparse
import sys

from support.bench import bench, storage

MIB = 1 << 20
MOST_MIB = 256
MOST_GROWTH_MIB = 20


def main() -> None:
    """Measure, print a table, and exit with 1 over the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="up to a million items, over 20 days")
    parser.add_argument("--items", type=int, nargs="+")
    parser.add_argument("--days", type=int, nargs="+")
    parser.add_argument("--runs", type=int, default=1, help="runs of each; the highest peak counts")
    options = parser.parse_args()
    print("| days | items | peak MiB | CPU s | wall s |")
    print("| ---- | ----- | -------- | ----- | ------ |")
    failed = False
    with storage() as s3:
        for days in options.days or ([20] if options.short else [1, 20]):
            peaks: list[float] = []
            for items in sorted(options.items or (200_000, 1_000_000 if options.short else 5_000_000)):
                with bench(s3, items=items, item_bytes=550, days=days) as source:
                    costs = [source.exporter() for _ in range(options.runs)]
                peaks.append(max(cost.peak_bytes for cost in costs) / MIB)
                cpu, wall = costs[-1].cpu_seconds, costs[-1].wall_seconds
                print(f"| {days} | {items:,} | {peaks[-1]:.0f} | {cpu:.1f} | {wall:.1f} |", flush=True)
            growth = peaks[-1] - peaks[0]
            print(f"\n{days} days: growth {growth:+.0f} MiB, highest peak {max(peaks):.0f} MiB\n", flush=True)
            failed |= growth > MOST_GROWTH_MIB or max(peaks) > MOST_MIB
    if failed:
        sys.exit(f"over the bounds: at most {MOST_MIB} MiB, and at most {MOST_GROWTH_MIB} MiB of growth")


if __name__ == "__main__":
    main()
