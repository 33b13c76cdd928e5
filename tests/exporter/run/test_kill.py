"""A run that is killed after any of its requests, and the run after it.

What others can see changes with requests alone, so killing the process after each one in turn covers every instant: the
request is done, its answer never comes. In addition the process is killed at random moments after random answers. By
default a spread of both is tried; with KILL_POINTS=all every request, and as many moments as make 200 in all.
"""

import datetime as dt
import hashlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from faults import Faults

BIG = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(400))
"""So much that a day's file goes up in several parts, of the size that is set in the killed process."""

RUN = """
import exporter.storage.object_store
exporter.storage.object_store.PART_BYTES = 4096
from exporter.__main__ import main
main()
"""


@dataclass(frozen=True)
class Point:
    """When a run is killed: as soon as a request is done, before its answer, or some seconds after its answer."""

    request: int
    delay: float | None = None


class Killed:
    """A table with old published days, and a run that would renew them."""

    def __init__(self, table, upstream: str, folder) -> None:
        self.table, self.folder = table, folder
        self.faults = Faults(upstream)
        self.now = dt.datetime.now(dt.UTC)
        self.days = [str((self.now - dt.timedelta(days=back)).date()) for back in (5, 4, 3, 2, 1)]
        empty, early, emptied, big, last = self.days
        table.put("moved", f"{early}T10:00:00Z")
        table.put("gone", f"{emptied}T10:00:00Z")
        table.put("kept", f"{big}T10:00:00Z", Note={"S": "old"})
        table.put("deleted", f"{big}T11:00:00Z")
        table.put("last", f"{last}T10:00:00Z")
        table.export(start=empty, end=last, now=self.now - dt.timedelta(hours=1))
        self.old = self.published()
        self.before = {key: table.read(key) for key in table.keys("")}
        table.put("moved", f"{empty}T10:00:00Z")
        table.put("kept", f"{big}T10:00:00Z", Note={"S": "new"}, Mood={"S": "good"})
        table.put("added", f"{big}T12:00:00Z", Padding={"S": BIG})
        table.put("unreadable", f"{big} at noon")
        table.delete("gone", "deleted")
        self.new = {empty: {"moved": None}, big: {"kept": "new", "added": None}, last: {"last": None}}

    def published(self) -> dict[str, dict[str, str | None]]:
        """Return day -> id -> note of what a reader finds; fails where an object is no whole Parquet file.

        An item that moves from one day to another is in both, or in neither, until both days are published.
        """
        found: dict[str, dict[str, str | None]] = {}
        for key in self.table.keys():  # noqa: SIM118 - not a dict
            day = "-".join(part.partition("=")[2] for part in key.split("/")[:3])
            rows = self.table.table_of(key).to_pylist()
            found.setdefault(day, {}).update({row["id"]: row.get("note") for row in rows})
        return found

    def restore(self) -> None:
        """Make everything below the prefix as it was before the run."""
        for key in self.table.keys(""):
            self.table.s3.delete_object(Bucket="reports", Key=f"{self.table.prefix}/{key}")
        for key, body in self.before.items():
            self.table.s3.put_object(Bucket="reports", Key=f"{self.table.prefix}/{key}", Body=body)

    def run(self, point: Point | None) -> int:
        """Run the exporter as a process of its own, kill it at a point, and return its status."""
        process: list[subprocess.Popen[bytes]] = []

        def rule(request, forward):
            response = forward()
            if point is None or request.number != point.request:
                return response
            if point.delay is None:
                process[0].kill()
                return None
            threading.Timer(point.delay, process[0].kill).start()
            return response

        self.faults.rule = rule
        self.faults.requests.clear()
        arguments = ["export", "--start", self.days[0], "--end", self.days[-1]]
        variables = {"AWS_ENDPOINT_URL": self.faults.url, "TMPDIR": str(self.folder)}
        with (self.folder / "stderr").open("wb") as stderr:
            started = subprocess.Popen(
                [sys.executable, "-c", RUN, *arguments],
                env=os.environ | self.table.variables | variables,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
            process.append(started)
            status = started.wait(120)
        # The next run begins minutes later. Until then, what this one had sent has arrived.
        self.faults.wait_for_the_last()
        return status


def points(total: int) -> list[Point]:
    """Return where to kill a run of so many requests."""
    chance = random.Random(2026)
    moments = (Point(chance.randint(1, total), chance.uniform(0, 0.03)) for _ in itertools.count())
    if os.environ.get("KILL_POINTS") == "all":
        return [*(Point(number) for number in range(1, total + 1)), *itertools.islice(moments, max(0, 200 - total))]
    spread = sorted({round(1 + step * (total - 1) / 9) for step in range(10)})
    return [*map(Point, spread), *itertools.islice(moments, 3)]


def test_the_last_requests_of_a_killed_run_are_waited_for():
    """A request that is done a moment after its sender has ended is done before the next run begins."""
    done: list[str] = []

    def late(request, _forward):
        time.sleep(0.3)
        done.append(request.path)

    with Faults("http://127.0.0.1:9", late) as faults:
        with socket.create_connection(("127.0.0.1", urlsplit(faults.url).port)) as sender:
            sender.sendall(b"PUT /reports/late HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        faults.wait_for_the_last()
        assert done == ["/reports/late"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_killed_after_any_request_leaves_whole_days_and_the_next_repairs_the_rest(
    scene, aws, small_parts, tmp_path
):
    """Each day is the old or the new one; the next scheduled run makes all of them new, and the records agree."""
    killed = Killed(scene(), aws.url, tmp_path)
    with killed.faults:
        assert killed.run(None) == 0, (tmp_path / "stderr").read_text()
        total = len(killed.faults.requests)
        assert killed.faults.count("UploadPart") > 2
        assert killed.published() == killed.new
        for point in points(total):
            killed.restore()
            assert killed.run(point) in {-signal.SIGKILL, 0}
            at = f"killed at {point} of {total}: {killed.faults.requests[-1].operation}"
            found = killed.published()
            for day in killed.days:
                assert found.get(day) in (killed.old.get(day), killed.new.get(day)), at
            repair(killed, at)


def repair(killed: Killed, at: str) -> None:
    """Let the next run come, and check what it leaves."""
    table, later = killed.table, dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    entries = table.ledger()
    if len(entries) == 1:
        # The run had not said what it was about: nothing may have changed, and the same command does it all.
        assert killed.published() == killed.old, at
        entry = table.job(start=killed.days[0], end=killed.days[-1], now=later).run()
    else:
        entry = table.job(now=later).run()
        assert table.ledger()[1].status in {"died", "succeeded"}, at
    assert (entry.status, entry.error) == ("succeeded", None), at
    assert killed.published() == killed.new, at
    recorded = {item for record in table.manifest().days.values() for item in record.objects}
    published = table.keys()
    for item in recorded:
        head = table.s3.head_object(Bucket="reports", Key=item.key)
        assert (head["ETag"].strip('"'), head["ContentLength"]) == (item.etag, item.bytes), at
    assert {item.key for item in recorded} == {f"{table.prefix}/{key}" for key in published}, at
    assert table.keys("_lease.json") == [], at
