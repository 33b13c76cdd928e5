"""The dollars of `docs/ways-in.md`: those of the plan, and those of other converters by its arithmetic."""

import gzip
import importlib
import json
import math
import re
from pathlib import Path

import pytest

from exporter.estimates import prices
from exporter.estimates.cost import Assumptions, table_costs
from exporter.sources.description import SourceDescription
from local.dynamodb.read_units import value_bytes

SIZES = {"10 GB": 10 << 30, "1 TB": 1 << 40, "50 TB": 50 << 40}
BYTES_OF_ITEM = 554
MOST_PARTITIONS = 100
"""That one INSERT of Athena writes."""
VCPU_OF_DPU = 4
GUIDE = Path("docs/ways-in.md").read_text(encoding="utf-8")


def cents(dollars):
    return "under $0.01" if dollars < 0.01 else f"${dollars:,.2f}" if dollars < 10 else f"${dollars:,.0f}"


def items_of(size):
    return round(size / BYTES_OF_ITEM)


def table_of_ways():
    """The rows of the guide's table that this program computes: cells of each, in the order of the sizes."""
    rows = {}
    for size in SIZES.values():
        items = items_of(size)
        description = SourceDescription(("S",), "S", ("Id",), None, items=0, table_items=items, table_bytes=size)
        scan, export = table_costs(description, Assumptions(), is_recoverable=True)
        recovery = table_costs(description, Assumptions(), is_recoverable=False)[1].dollars - export.dollars
        hours = scan.minutes / 60
        for name, cell in (
            ("scan: read units", cents(scan.dollars)),
            ("scan: reading and decoding, one task", f"{scan.minutes:.0f} minutes" if hours < 1 else f"{hours:,.0f} h"),
            ("table export: writing it", cents(export.dollars)),
            ("point-in-time recovery, a month, where it is off", cents(recovery)),
            ("either: decoding on Fargate", cents(export.task_dollars)),
        ):
            rows.setdefault(name, []).append(cell)
    return rows


def test_the_guide_s_table_of_ways_is_what_the_plan_computes():
    """1 TB are 2**40 bytes: 134,217,728 read units x $0.125 a million = $16.78; 1,099.5 GB x $0.10 = $109.95."""
    rows = table_of_ways()
    assert rows["scan: read units"][1] == "$17"
    assert rows["table export: writing it"][1] == "$110"
    for name, cells in rows.items():
        assert f"| {name} | {' | '.join(cells)} |" in GUIDE


def stated(pattern):
    """The numbers that a line of the guide states."""
    (found,) = re.findall(pattern, GUIDE)
    return [float(number.replace(",", "")) for number in found]


def test_athena_s_row_is_the_arithmetic_that_the_guide_shows():
    """Each statement reads every file: 1 TB x 0.181 x $5 = $0.905, and 1,095 days by 100 are 11 statements: $9.96."""
    days, most, ratio, statements, price, dollars = stated(
        r"([\d,]+) days by (\d+) a statement; 1 TB x ([\d.]+) x (\d+) statements x \$(\d+) a TB = \$(\d+\.\d\d)"
    )
    assert (most, price, statements) == (MOST_PARTITIONS, prices.DOLLARS_PER_SCANNED_TB, math.ceil(days / most))
    by_size = [size / prices.TB * ratio * statements * price for size in SIZES.values()]
    assert round(by_size[1], 2) == dollars
    assert f"| for comparison: converting an export by Athena | {' | '.join(map(cents, by_size))} |" in GUIDE


def test_glue_s_row_is_the_arithmetic_that_the_guide_shows():
    """2**40 bytes / 554 = 1,984,678,028 items x 31 us / 4 vCPU = 4.27 hours of a DPU x $0.44 = $1.88."""
    items, microseconds, vcpu, hours, price, dollars = stated(
        r"([\d,]+) items x ([\d.]+) us / (\d) vCPU = ([\d.]+) DPU-hours x \$([\d.]+) = \$(\d+\.\d\d)"
    )
    assert (items, vcpu) == (items_of(SIZES["1 TB"]), VCPU_OF_DPU)
    by_size = [items_of(size) * microseconds / 1e6 / vcpu / 3600 for size in SIZES.values()]
    assert (round(by_size[1], 2), round(by_size[1] * price, 2)) == (hours, dollars)
    cells = " | ".join(cents(hours * price) for hours in by_size)
    assert f"| for comparison: converting an export by Glue Spark | {cells} |" in GUIDE


def test_the_stated_sizes_of_an_export_are_those_of_the_sample(monkeypatch):
    """10,000 items of the benchmarks, as lines of an export: bytes as DynamoDB counts them, of JSON, and of gzip."""
    monkeypatch.syspath_prepend("benchmarks")
    sample = importlib.import_module("support.items")
    source = sample.Source(items=10_000, item_bytes=550, days=7)
    texts = [text for value in sample.SHARES for text in source.texts(value, 0, source.count(value))]
    lines = b"".join(b'{"Item":%b}\n' % text for text in texts)
    counted = sum(len(name.encode()) + value_bytes(value) for text in texts for name, value in json.loads(text).items())
    items, json_ratio, gzip_ratio = stated(
        r"([\d,]+) items of the benchmarks.*: ([\d.]+) bytes of JSON and ([\d.]+) of gzip"
    )
    assert items == len(texts)
    assert counted / items == pytest.approx(BYTES_OF_ITEM, abs=5)
    assert len(lines) / counted == pytest.approx(json_ratio, abs=0.01)
    assert len(gzip.compress(lines, 6)) / counted == pytest.approx(gzip_ratio, abs=0.005)
