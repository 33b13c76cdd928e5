"""What a row of `explode` costs more than a row that is an item of its own: the same messages, exported both ways.

    .venv/bin/python benchmarks/explode.py             a million messages, in conversations of 20
    .venv/bin/python benchmarks/explode.py --short     200 thousand

Runs of both kinds take turns. Exits with 1 where exploded rows per CPU second are fewer than half, or memory is over
256 MiB.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from support.bench import bench, storage
from support.measure import Cost
from support.stub import INDEX, TABLE

MIB = 1 << 20
MOST_MIB = 256
LEAST_SHARE = 0.5
MESSAGES = 20
"""Of each conversation."""

_COLUMNS = {"Role": "string", "Text": "string", "Seconds": "double", "Tokens": "bigint", "Rated": "boolean"}


def dataset_file(folder: Path, *, explodes: bool) -> str:
    """Write the dataset file of messages and return its path."""
    before = "messages[*]." if explodes else ""
    lines = [
        "name: messages",
        f"source: {{table: {TABLE}, index: {INDEX}, partition_key: Channel, partition_values: [VOICE], sort_key: At}}",
        "undeclared: ignore",
        *(["explode: messages"] if explodes else []),
        "columns:",
        "- {name: id, attribute: Id, type: string}",
        "- {name: at, attribute: At, type: timestamp}",
        *(f'- {{name: {name.lower()}, attribute: "{before}{name}", type: {kind}}}' for name, kind in _COLUMNS.items()),
    ]
    file = folder / f"{explodes}.yaml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def main() -> None:
    """Measure, print a table, and exit with 1 over the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="200 thousand messages")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    rows = 200_000 if options.short else 1_000_000
    with (
        tempfile.TemporaryDirectory() as folder,
        storage() as s3,
        bench(s3, items=rows, messages=0) as plain,
        bench(s3, items=rows // MESSAGES, messages=MESSAGES) as exploded,
    ):
        plain.variables = {"DATASET": dataset_file(Path(folder), explodes=False)}
        exploded.variables = {"DATASET": dataset_file(Path(folder), explodes=True)}
        sources = {"a message that is an item": plain, "a message in a conversation": exploded}
        costs: dict[str, list[Cost]] = {name: [] for name in sources}
        for _ in range(options.runs):
            for name, source in sources.items():
                costs[name].append(source.exporter())
    print("| rows | CPU s, median | rows per CPU second | peak MiB |")
    print("| ---- | ------------- | ------------------- | -------- |")
    speeds = []
    peaks = []
    for name, found in costs.items():
        cpu = statistics.median(cost.cpu_seconds for cost in found)
        speeds.append(rows / cpu)
        peaks.append(max(cost.peak_bytes for cost in found) / MIB)
        print(f"| {rows:,}, {name} | {cpu:.1f} | {speeds[-1]:,.0f} | {peaks[-1]:.0f} |")
    share = speeds[1] / speeds[0]
    print(f"\nexploded rows per CPU second: {share:.2f} times as many")
    if share < LEAST_SHARE or peaks[1] > MOST_MIB:
        sys.exit(f"over the bounds: at least {LEAST_SHARE} times as many, and at most {MOST_MIB} MiB")


if __name__ == "__main__":
    main()
