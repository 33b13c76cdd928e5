"""The demo with small programs in the place of exporter and dashboard.

`small_demo.py FOLDER PORT [EXPORTER [DASHBOARD]]`: what each of the two does is one of the words below.
"""

import os
import sys
from pathlib import Path

from rich.console import Console

from local.demo.__main__ import Demo
from local.demo.settings import DemoSettings

REPORT = '{"rows": 48, "partitions": [1, 2], "quarantined": 2}'
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if self.path == "/die":
            import os
            print("the disk is on fire", flush=True)
            os._exit(7)
port = int(sys.argv[sys.argv.index("--server.port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
# A dashboard that ignores every request to stop, with a child that does the same.
DEAF = """
import signal, subprocess, sys
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
"""
PROGRAMS = {
    "exports": f"print('{REPORT}')",
    "fails": "import sys; print('starting', file=sys.stderr); sys.exit('no such index: Nope-index')",
    "hangs": "import time; print('reading', flush=True); time.sleep(300)",
    "serves": SERVER,
    "deaf": DEAF + SERVER,
}


def command(word: str) -> tuple[str, ...]:
    """Return the command of a small program."""
    return (sys.executable, "-c", PROGRAMS[word])


if __name__ == "__main__":
    folder, port, *words = sys.argv[1:]
    exporter, dashboard = (*words, *("exports", "serves")[len(words) :])
    settings = DemoSettings(
        port=int(port),
        items=50,
        folder=Path(folder),
        exporter=command(exporter),
        dashboard_command=command(dashboard),
    )
    status = Demo(settings, Console(highlight=False)).run()
    sys.stdout.flush()
    os._exit(status)
