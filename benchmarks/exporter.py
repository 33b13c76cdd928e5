"""How fast and how large the exporter is, compared with other ways from an index to Parquet, on the same items.

    make bench                                   the short form: minutes, fewer items
    .venv/bin/python benchmarks/exporter.py      the whole of it, and the plots in docs/images/

Work is compared by CPU seconds of whole processes, start-up and all, from pairs of runs that alternate: on a machine
that others use too, wall time says more about them than about the program.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from support.bench import BENCHMARKS, PEERS_PYTHON, ROOT, bench, storage
from support.measure import Cost

IMAGES = ROOT / "docs" / "images"
MIB = 1 << 20


@dataclass
class Runs:
    """All runs of one program in one comparison."""

    name: str
    costs: list[Cost] = field(default_factory=list)

    @property
    def cpu_seconds(self) -> list[float]:
        """CPU seconds of each run; of the floor only what it counts itself."""
        return [cost.report.get("cpu_seconds", cost.cpu_seconds) for cost in self.costs]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer items and runs; under five minutes")
    parser.add_argument("--items", type=int, help="items of each comparison")
    parser.add_argument("--pairs", type=int, help="runs of the exporter and of its closest peer")
    parser.add_argument("--only", choices=("550", "1400", "memory", "ranges"), help="one part of it")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped as well
    items = options.items or (50_000 if options.short else 200_000)
    pairs = options.pairs or (3 if options.short else 5)
    sizes = [(items, 4 * items)] if options.short else [(items, 10 * items)]
    with storage() as s3:
        for item_bytes in (550, 1400):
            if options.only in {None, str(item_bytes)} and not (options.short and item_bytes == 1400):
                compare(s3, items, item_bytes, pairs)
        if options.only in {None, "memory"}:
            memory(s3, sizes[0], plot=not options.short)
        if options.only in {None, "ranges"}:
            ranges(s3, items // 4 if options.short else items, plot=not options.short)


def compare(s3: str, items: int, item_bytes: int, pairs: int) -> None:
    """Print a table of CPU, memory, time and bytes, the exporter's runs alternating with boto3's and pandas'."""
    print(f"\n{items:,} items of about {item_bytes} bytes\n")
    others = ["floor"]
    if PEERS_PYTHON.exists():
        others = ["awswrangler", "dlt", *others]
    exporter, peer = Runs("exporter"), Runs("boto3-pandas")
    found = {name: Runs(name) for name in others}
    with bench(s3, items=items, item_bytes=item_bytes) as source:
        source.exporter()  # the stub makes its items, and the file system warms up
        for _ in range(pairs):
            exporter.costs.append(source.exporter())
            peer.costs.append(source.peer("boto3-pandas"))
            found["floor"].costs.append(source.peer("floor"))
            pair = f"exporter {exporter.cpu_seconds[-1]:.2f} s, boto3 + pandas {peer.cpu_seconds[-1]:.2f} s of CPU"
            print(pair, file=sys.stderr, flush=True)
        for name in others[:-1]:
            found[name].costs.append(source.peer(name))
    rows = [exporter, peer, *found.values()]
    print_table([_row(runs, exporter, items) for runs in rows])
    ratios = [there / here for here, there in zip(exporter.cpu_seconds, peer.cpu_seconds, strict=True)]
    size = exporter.costs[-1].report["bytes"] / peer.costs[-1].report["bytes"]
    print(
        f"\nwork per CPU second against boto3 + pandas: median {statistics.median(ratios):.1f}, "
        f"lowest {min(ratios):.1f} of {len(ratios)} pairs; bytes {size:.0%} of pandas' default Parquet"
    )
    if not PEERS_PYTHON.exists():
        print("aws-sdk-pandas and dlt: not installed (docs/benchmarks.md says how)")


def _row(runs: Runs, exporter: Runs, items: int) -> list[str]:
    cpu = statistics.median(runs.cpu_seconds)
    counted = "cpu_seconds" in runs.costs[0].report
    return [
        {"boto3-pandas": "boto3 + pandas", "awswrangler": "aws-sdk-pandas"}.get(runs.name, runs.name),
        f"{cpu:.2f}",
        f"{cpu / items * 1e6:.1f}",
        f"{cpu / statistics.median(exporter.cpu_seconds):.1f}",
        "-" if counted else f"{max(cost.peak_bytes for cost in runs.costs) / MIB:.0f}",
        "-" if counted else f"{statistics.median(cost.wall_seconds for cost in runs.costs):.1f}",
        f"{runs.costs[-1].report['bytes'] / MIB:.1f}",
        str(len(runs.costs)),
    ]


HEADINGS = ["program", "CPU s", "CPU s per million", "CPU, exporter = 1", "peak MiB", "wall s", "MiB written", "runs"]


def print_table(rows: Iterable[Sequence[str]], headings: Sequence[str] = HEADINGS) -> None:
    """Print rows as a Markdown table."""
    table = [list(headings), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        first, *others = (cell.ljust(width) if number == 0 else cell.rjust(width)
                          for number, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        print(f"| {' | '.join([first, *others])} |")


def memory(s3: str, sizes: tuple[int, int], *, plot: bool) -> None:
    """Print peak memory at a small and a large number of items, and that of pandas at the small one."""
    print("\nmemory, items of about 550 bytes\n")
    points: dict[str, list[tuple[int, float]]] = {"one range": [], "eight ranges": [], "boto3 + pandas": []}
    for items in sizes:
        with bench(s3, items=items, item_bytes=550, days=7) as source:
            for name, count in (("one range", 1), ("eight ranges", 8)):
                source.options = ["--ranges", str(count)]
                points[name].append((items, source.exporter().peak_bytes / MIB))
            if items == sizes[0]:
                points["boto3 + pandas"].append((items, source.peer("boto3-pandas").peak_bytes / MIB))
    rows = [[name, f"{items:,}", f"{peak:.0f}"] for name, found in points.items() for items, peak in found]
    print_table(rows, ["program", "items", "peak MiB"])
    (_, small), (_, large) = points["one range"]
    print(f"\ngrowth of one range from {sizes[0]:,} to {sizes[1]:,} items: {large - small:+.0f} MiB")
    if plot:
        draw("memory", {"points": points, "x": "items", "y": "peak memory (MiB)", "title": "Memory over items"})


def ranges(s3: str, items: int, *, plot: bool) -> None:
    """Print items per second over concurrent key ranges, where a page takes 100 ms."""
    print(f"\n{items:,} items of about 550 bytes, 100 ms a page\n")
    speeds: list[tuple[int, float]] = []
    rows: list[list[str]] = []
    with bench(s3, items=items, item_bytes=550, latency_ms=100) as source:
        source.options = ["--ranges", "8"]
        source.exporter()  # the stub makes its items
        for count in (1, 2, 4, 8):
            source.options = ["--ranges", str(count)]
            cost = source.exporter()
            speeds.append((count, items / cost.wall_seconds))
            times = speeds[-1][1] / speeds[0][1]
            peak = f"{cost.peak_bytes / MIB:.0f}"
            rows.append([str(count), f"{cost.wall_seconds:.1f}", f"{speeds[-1][1]:,.0f}", f"{times:.1f}", peak])
    print_table(rows, ["ranges", "wall s", "items per s", "times one range", "peak MiB"])
    if plot:
        content = {"points": {"exporter": speeds}, "x": "concurrent key ranges", "y": "items per second"}
        draw("ranges", content | {"title": "Speed over ranges, 100 ms a page"})


def draw(name: str, content: Mapping[str, object]) -> None:
    """Draw a plot, where matplotlib is installed."""
    if not PEERS_PYTHON.exists():
        print(f"plot of {name}: not drawn, matplotlib is not installed (docs/benchmarks.md says how)")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        IMAGES.mkdir(exist_ok=True)
        image = IMAGES / f"benchmark-{name}.png"
        command = [str(PEERS_PYTHON), "-m", "support.plots", file.name, str(image)]
        subprocess.run(command, cwd=BENCHMARKS, check=True)
    print(f"plot: {image.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
