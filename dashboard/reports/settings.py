"""Settings of alerts and reports, from the environment; no message of them has a password or a webhook's address."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from dashboard.aws.secrets import SecretsManager
from dashboard.reports.senders.smtp import MailServer, mail_server_from
from dashboard.reports.senders.webhook import Webhook, webhook_from
from dataset_model.columns.names import NAME_PATTERN
from dataset_model.dashboard.notices import ADDRESS_PATTERN
from dataset_model.faults import DatasetError, Fault

_HIDDEN: Final = "a value that is not repeated here"
_SECRETS: Final = frozenset(("SMTP_URL", "REPORT_WEBHOOKS"))
_HOST: Final = re.compile(r"[a-z0-9.:-]{1,253}")


@dataclass(frozen=True)
class ReportSettings:
    """How messages are sent, and where their links lead."""

    dashboard_url: str
    """DASHBOARD_URL: how readers reach the dashboard, without a slash at its end."""
    sender: str = ""
    """REPORT_FROM: the address that mails come from; "" sends no mail."""
    server: MailServer | None = None
    """SMTP_URL; None sends by Amazon SES."""
    webhooks: Mapping[str, Webhook] | None = None
    """REPORT_WEBHOOKS: by name."""
    internal_hosts: frozenset[str] = frozenset()
    """REPORT_INTERNAL_HOSTS: webhooks that may have an internal address."""
    domains: frozenset[str] = frozenset()
    """REPORT_DOMAINS: domains of addresses to which people may send what they make on the page."""


def report_settings_from(environment: Mapping[str, str]) -> ReportSettings:
    """Return the settings; raise DatasetError with every fault at once."""
    faults: list[Fault] = []

    def text(name: str) -> str:
        return environment.get(name, "").strip()

    url = text("DASHBOARD_URL").rstrip("/")
    if not _is_address(url):
        expected = "the address by which readers reach the dashboard, such as https://reports.example.com"
        faults.append(Fault("environment", "DASHBOARD_URL", expected, url or None))
    sender = text("REPORT_FROM")
    if sender and not re.fullmatch(ADDRESS_PATTERN, sender):
        faults.append(Fault("environment", "REPORT_FROM", "one address such as reports@example.com", sender))
    server = None
    if smtp := text("SMTP_URL"):
        try:
            server = mail_server_from(smtp)
        except ValueError as error:
            faults.append(Fault("environment", "SMTP_URL", str(error), _HIDDEN))
        if not sender:
            faults.append(Fault("environment", "REPORT_FROM", "the address that mails come from", None))
    webhooks: dict[str, Webhook] = {}
    try:
        webhooks = _webhooks(text("REPORT_WEBHOOKS"))
    except ValueError as error:
        faults.append(Fault("environment", "REPORT_WEBHOOKS", str(error), _HIDDEN))
    given = text("REPORT_INTERNAL_HOSTS")
    hosts = frozenset(part.strip().lower() for part in given.split(",") if part.strip())
    if not all(_HOST.fullmatch(part) for part in hosts):
        faults.append(Fault("environment", "REPORT_INTERNAL_HOSTS", "names of hosts, separated by commas", given))
    domains, wrong = _domains(environment)
    faults += wrong
    if faults:
        raise DatasetError(faults)
    return ReportSettings(url, sender, server, webhooks, hosts, domains)


def domains_from(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the domains of REPORT_DOMAINS; raise DatasetError where one is none."""
    found, faults = _domains(environment)
    if faults:
        raise DatasetError(faults)
    return found


def report_settings_of_process(environment: Mapping[str, str]) -> ReportSettings:
    """Return the settings with those of the secret; raises DatasetError, or DashboardError for the secret."""
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    return report_settings_from(with_secret(environment, lambda name: SecretsManager(name, region).text()))


def with_secret(environment: Mapping[str, str], read: Callable[[str], str]) -> Mapping[str, str]:
    """Return the environment with what the secret of REPORT_SECRET adds; `read` returns a secret's text.

    Raises DatasetError for a secret of another form, DashboardError where it cannot be read.
    """
    name = environment.get("REPORT_SECRET", "").strip()
    if not name:
        return environment
    try:
        given = json.loads(read(name))
    except ValueError:
        given = None
    if not isinstance(given, dict) or not set(given) <= _SECRETS or not all(isinstance(x, str) for x in given.values()):
        expected = f"a secret with a JSON object of texts: {', '.join(sorted(_SECRETS))}"
        raise DatasetError([Fault("environment", "REPORT_SECRET", expected, _HIDDEN)])
    return {**environment, **given}


def _domains(environment: Mapping[str, str]) -> tuple[frozenset[str], list[Fault]]:
    given = environment.get("REPORT_DOMAINS", "")
    found = frozenset(part.strip().lower().removeprefix("@") for part in given.split(",") if part.strip())
    if all(re.fullmatch(ADDRESS_PATTERN, f"a@{domain}") for domain in found):
        return found, []
    return found, [Fault("environment", "REPORT_DOMAINS", "domains such as example.com, by commas", given)]


def _webhooks(text: str) -> dict[str, Webhook]:
    expected = 'JSON such as {"ops": {"kind": "slack", "url": "https://hooks.slack.com/services/..."}}'
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        raise ValueError(expected) from None
    if not isinstance(given, dict):
        raise ValueError(expected)  # noqa: TRY004 - a wrong setting, as the others
    found = {}
    for name, entry in given.items():
        if not re.fullmatch(NAME_PATTERN, name) or not isinstance(entry, dict) or set(entry) != {"kind", "url"}:
            raise ValueError(expected)
        found[name] = webhook_from(name, str(entry["kind"]), str(entry["url"]))
    return found


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:
        return False
