"""Rules for the server between the exporter and AWS that spoil requests of one operation, chosen by chance."""

import random
import threading
import time
from dataclasses import replace

from faults import Forward, Request, Response, Rule, refused, s3_refused, torn

FAULTS = ("none", "none", "none", "refused", "broken", "lost answer", "torn", "slow", "stop", "stop")
"""`none` and `stop` spoil no request."""

OPERATIONS = (
    "Query", "DescribeTable", "PutObject", "GetObject", "ListObjects", "DeleteObject", "Head", "GetTable",
    "UpdateTable", "CreateTable",
)  # fmt: skip


def random_rule(chance: random.Random, fault: str) -> Rule:
    """Return a rule that spoils requests of one operation, from one of the first on: once, twice or for good."""
    operation, skipped, spoiled = chance.choice(OPERATIONS), chance.randrange(4), chance.choice((1, 2, 1000))
    lock, seen = threading.Lock(), [0]

    def rule(request: Request, forward: Forward) -> Response | None:
        if fault in {"none", "stop"} or request.operation != operation:
            return forward()
        with lock:
            seen[0] += 1
            is_spoiled = skipped < seen[0] <= skipped + spoiled
        return _spoiled(fault, request, forward) if is_spoiled else forward()

    return rule


def _spoiled(fault: str, request: Request, forward: Forward) -> Response | None:
    is_json = "x-amz-target" in request.headers
    match fault:
        case "slow":
            time.sleep(0.05)
            return forward()
        case "lost answer":
            forward()
            return None
        case "torn":
            return torn(forward())
        case "refused":
            return refused("AccessDeniedException") if is_json else s3_refused("AccessDenied", 403)
    return replace(refused("InternalServerError"), status=500) if is_json else s3_refused("InternalError", 500)
