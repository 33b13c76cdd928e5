"""A process that is paused for longer than its lease, while another run does its work, and then wakes."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from faults import Faults

LEASE_SECONDS = 1.0
RUN = f"""
import exporter.run.lease as lease
lease.LEASE_SECONDS, lease.RENEW_SECONDS = {LEASE_SECONDS}, {LEASE_SECONDS / 4}
from exporter.__main__ import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["Query", "PutObject"])
def test_a_run_that_wakes_after_its_lease_overwrites_nothing(scene, aws, operation):
    """SIGSTOP while it reads, or with its file on the way to S3; SIGCONT when the newer run is done: that one stays."""
    table, day = scene(), str((dt.datetime.now(dt.UTC) - dt.timedelta(days=2)).date())
    table.put("old", f"{day}T10:00:00Z")
    newer = []

    def rule(request, forward):
        is_day = request.operation == operation and (b"BETWEEN" in request.body or ".parquet" in request.path)
        if not is_day or newer:
            return forward()
        process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_SECONDS + 0.2)
        table.put("newer", f"{day}T11:00:00Z")
        newer.append(table.export(start=day, end=day, now=dt.datetime.now(dt.UTC)))
        process.send_signal(signal.SIGCONT)
        return forward()

    with Faults(aws.url) as faults:
        faults.rule = rule
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "export", "--start", day, "--end", day],
            env=os.environ | table.variables | {"AWS_ENDPOINT_URL": faults.url},
            stderr=subprocess.PIPE,
            text=True,
        )
        _, stderr = process.communicate(timeout=60)
    assert (len(newer), process.returncode) == (1, 1), stderr
    assert "Traceback" not in stderr
    [key] = table.keys()
    assert sorted(row["id"] for row in table.table_of(key).to_pylist()) == ["newer", "old"]
    [record] = table.manifest().days.values()
    assert (record.rows, [item.key for item in record.objects]) == (2, [f"{table.prefix}/{key}"])
    paused = next(entry for entry in table.ledger() if entry.run_id != newer[0].run_id)
    assert (paused.status, [str(owed) for owed in paused.owed]) == ("failed", [day])
    assert table.keys("_lease.json") == []
