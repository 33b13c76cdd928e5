"""The caller's environment flows in, the demo's settings and the environment of its programs flow out."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dataset_model.loading import ENVIRONMENT_FIELDS
from local.demo.datasets import DEMO_DATASETS, dataset_files, more_environment

REPOSITORY = Path(__file__).resolve().parents[2]
BUCKET = "contact-reports"
WORKGROUP = "contact-reports"
REGION = "us-east-1"
AWS_PORT = 4566

_OWN_SETTINGS = {
    *ENVIRONMENT_FIELDS,
    *("DATE_RANGE_MODE", "LOOKBACK_HOURS", "S3_BUCKET", "ATHENA_WORKGROUP", "ATHENA_RESULTS", "S3_PUBLIC_ENDPOINT_URL"),
    *("SMTP_URL", "DASHBOARD_URL"),
}
MAIL_PORT = 8025
DOMAIN = "example.com"
"""Of the demo's mails. It is kept for examples: no address of it has a mailbox."""
SENDER = f"reports@{DOMAIN}"


class UsageError(Exception):
    """A setting of the demo that cannot be used; lists every fault."""


@dataclass(frozen=True)
class DemoSettings:
    """One demo. The commands are settings so that tests can put small programs in their place."""

    port: int = 8501
    """Where the dashboard is served."""
    items: int = 12_000
    """Sample contacts; other datasets take it as the size of their largest table, where they can."""
    names: tuple[str, ...] = ("contacts",)
    """What DEMO_DATASET names, of `DEMO_DATASETS`."""
    aws_port: int = AWS_PORT
    """Wanted port of the AWS stand-in; a free one is taken where it is in use."""
    mail_port: int = MAIL_PORT
    """Wanted port of the page of sent mail; a free one is taken where it is in use."""
    folder: Path = REPOSITORY / ".demo"
    """Logs and scratch space; nothing is written elsewhere."""
    exit_when_ready: bool = False
    exporter: tuple[str, ...] = (sys.executable, "-m", "exporter")
    """The program; the demo adds a verb and its options."""
    sender: tuple[str, ...] = (sys.executable, "-m", "dashboard.reports", "run")
    dashboard_command: tuple[str, ...] = (
        *(sys.executable, "-m", "streamlit", "run", "dashboard/app.py"),
        *("--server.address", "127.0.0.1"),
    )
    """The port is added as Streamlit's own option."""

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://localhost:{self.port}"

    @property
    def files(self) -> tuple[str, ...]:
        """The dataset files that are exported and shown."""
        return dataset_files(self.names)

    def export_command(self, file: str) -> tuple[str, ...]:
        """Return the command that exports every day of a dataset file."""
        return (*self.exporter, "export", "--all", "--json", "--dataset", file)

    def environment(self, endpoint_url: str, smtp_url: str = "") -> dict[str, str]:
        """Return the variables of the programs, and of a shell that looks at the demo."""
        mail = {"SMTP_URL": smtp_url, "REPORT_FROM": SENDER, "REPORT_DOMAINS": DOMAIN, "DASHBOARD_URL": self.url}
        own = {"DATASET": ",".join(self.files)}
        return aws_environment(endpoint_url) | own | mail | more_environment(self.names)


def settings_from_environment(
    environment: Mapping[str, str], *, exit_when_ready: bool = False, folder: Path | None = None
) -> DemoSettings:
    """Return the settings that the variables DEMO_* give; raise UsageError naming each fault."""
    faults: list[str] = []

    def number(name: str, default: int, low: int, high: int, what: str) -> int:
        text = environment.get(name, "").strip()
        if not text:
            return default
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        faults.append(f"{name}: expected {what} from {low:,} to {high:,}; found {text!r}")
        return default

    defaults = DemoSettings()
    names = tuple(dict.fromkeys(filter(None, map(str.strip, environment.get("DEMO_DATASET", "").split(",")))))
    if unknown := [name for name in names if name not in DEMO_DATASETS]:
        known = ", ".join(DEMO_DATASETS)
        faults.append(f"DEMO_DATASET: expected one of {known}, or several by comma; found {', '.join(unknown)!r}")
    settings = DemoSettings(
        port=number("DEMO_PORT", defaults.port, 1, 65_535, "a port"),
        items=number("DEMO_ITEMS", defaults.items, 0, 10_000_000, "a number of contacts"),
        names=names or defaults.names,
        aws_port=number("DEMO_AWS_PORT", defaults.aws_port, 1, 65_535, "a port"),
        exit_when_ready=exit_when_ready,
        folder=folder or defaults.folder,
    )
    if faults:
        raise UsageError("\n".join(faults))
    return settings


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """Return the variables that point the programs, and any SDK, at the stand-in."""
    return {
        "S3_BUCKET": BUCKET,
        "ATHENA_WORKGROUP": WORKGROUP,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def clean_environment(inherited: Mapping[str, str], folder: Path, scratch: Path) -> dict[str, str]:
    """Return the caller's environment without what could lead the demo to a real account, dataset or mail server.

    Profiles, endpoints and proxies go; configuration files and the home folder become ones below `folder`, where
    programs may also leave their own files.
    """
    inherited_values = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("AWS_", "STREAMLIT_", "REPORT_"))
        and name not in _OWN_SETTINGS
        and not name.lower().endswith("_proxy")
    }
    return inherited_values | {
        "AWS_CONFIG_FILE": str(folder / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws-credentials"),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "NO_PROXY": "*",
        "PYTHONUNBUFFERED": "1",
    }


def is_free(port: int) -> bool:
    """Return whether a server could listen on a loopback port now; raise PermissionError where only root may."""
    with socket.socket() as probe:
        # On macOS a program can bind a port that another one uses on all addresses, so a bind proves nothing there.
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def adopt(environment: Mapping[str, str]) -> None:
    """Make an environment this process's own, since the stand-in runs in it."""
    os.environ.clear()
    os.environ.update(environment)
