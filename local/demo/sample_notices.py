"""The dashboard's address flows in; an alert and a report of its first dataset, made as a person makes them, flow out.

Only the demo has them: the shipped dataset files send no mail.
"""

import http.client
import json

from local.demo.settings import DOMAIN

NOTICES = (
    {"kind": "report", "title": "The last seven days", "period": "last_7_days", "csv": True},
    {"kind": "alert", "title": "Rows came", "above": 0, "days": 7},
)
READER = f"team@{DOMAIN}"


def make_notices(port: int, dataset: str) -> bool:
    """Make them by the dashboard's API; return whether it took them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Host": f"localhost:{port}", "Content-Type": "application/json"}
    try:
        for notice in NOTICES:
            body = json.dumps({"dataset": dataset, "to": [READER], "at": "00:00", **notice})
            connection.request("POST", "/api/notices", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.CREATED:
                return False
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
