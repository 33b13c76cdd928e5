"""Memory while services fail: repeated requests and parts are not retained."""

import datetime as dt
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest
from faults import Faults, Response, refused, s3_refused

DAY = dt.date(2026, 2, 16)
PAGES, ITEMS = 100, 1800
LIMIT_MB = 400
"""What a task with 512 MB leaves to eight ranges."""


def page(number: int) -> bytes:
    """Return a full page of one minute of the day, with more to come until the last."""
    second = f"{DAY}T{number // 60:02}:{number % 60:02}:"
    items = [
        {
            "Id": {"S": f"{number:05}-{item:05}"},
            "Kind": {"S": "A"},
            "At": {"S": f"{second}{item * 60 // ITEMS:02}Z"},
            "Text": {"S": hashlib.blake2b(f"{number}-{item}".encode()).hexdigest() * 3},
            "Score": {"N": str(item)},
        }
        for item in range(ITEMS)
    ]
    body = {"Items": items, "Count": ITEMS, "ScannedCount": ITEMS, "ConsumedCapacity": {"CapacityUnits": 128.0}}
    if number < PAGES - 1:
        body["LastEvaluatedKey"] = {name: items[-1][name] for name in ("Id", "Kind", "At")}
    return json.dumps(body).encode()


def answered(request) -> Response:
    """Return the page that a Query asks for; the day is one range."""
    asked = json.loads(request.body)
    bounds = asked["ExpressionAttributeValues"]
    if not bounds[":l"]["S"] <= f"{DAY}T" <= bounds[":h"]["S"]:
        return Response(200, {"content-type": "application/x-amz-json-1.0"}, b'{"Items": [], "Count": 0}')
    start = asked.get("ExclusiveStartKey")
    backwards = asked.get("ScanIndexForward") is False
    number = PAGES - 1 if backwards else int(start["Id"]["S"][:5]) + 1 if start else 0
    body = page(number)
    return Response(200, {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}, body)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="stays: elsewhere a peak counts the parent's, too")
def test_memory_stays_bounded_while_everything_fails(scene, aws, tmp_path):
    """180,000 items are read under throttling and torn bodies, and published in parts that fail, in at most 400 MB."""
    table = scene(GSI_PK_VALUE="A")
    lock, seen = threading.Lock(), {"Query": 0, "UploadPart": 0}

    def rule(request, forward):
        if request.operation not in seen:
            return forward()
        with lock:
            seen[request.operation] += 1
            number = seen[request.operation]
        if request.operation == "UploadPart":
            return s3_refused("SlowDown", 503) if number % 2 else forward()
        if number % 5 == 3:
            return refused("ProvisionedThroughputExceededException")
        answer = answered(request)
        return (
            Response(answer.status, answer.headers, answer.body, len(answer.body) // 2) if number % 7 == 5 else answer
        )

    program = (
        "import botocore.retries.standard as s; s.ExponentialBackoff.delay_amount = lambda *_: 0.01\n"
        "import exporter.sources.index_query, exporter.storage.object_store\n"
        "exporter.sources.index_query.PAUSE_SECONDS, exporter.storage.object_store.PART_BYTES = 0.01, 5 << 20\n"
        "import atexit, pathlib, sys\n"
        "atexit.register(lambda: print(pathlib.Path('/proc/self/status').read_text(), file=sys.stderr))\n"
        "from exporter.__main__ import main; main()"
    )
    with Faults(aws.url, rule) as faults, (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "export", "--start", str(DAY), "--end", str(DAY)],
            env=os.environ | table.variables | {"AWS_ENDPOINT_URL": faults.url, "TMPDIR": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        process.wait(150)
    said = (tmp_path / "stderr").read_text()
    assert process.returncode == 0, said
    assert seen["UploadPart"] > 2
    ids = table.table_of(table.keys()[0]).column("id")
    assert (len(ids), len(ids.unique())) == (PAGES * ITEMS, PAGES * ITEMS)
    assert int(re.findall(r"VmHWM:\s*(\d+) kB", said)[0]) / 1024 < LIMIT_MB
