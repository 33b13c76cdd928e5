"""Webhooks: internal addresses, redirects and other schemes are refused; what is data is no markup."""

import ipaddress
import socket
from typing import Any

import pytest

from dashboard.errors import NotSent
from dashboard.reports.messages.message import Message
from dashboard.reports.senders.webhook import (
    Webhook,
    WebhookSender,
    is_public,
    slack_body,
    teams_body,
    webhook_from,
)
from dashboard.reports.settings import report_settings_from, with_secret
from dataset_model import DatasetError

MESSAGE = Message(
    "Late is high <!channel>", ("Late: 23% on *Monday* [x](https://evil.example)",), "https://d.example/?a=1&b=2"
)

INTERNAL = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
    "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::",
)  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_known(address: str) -> None:
    """Loopback, private, link-local and metadata addresses, also as other ones carry them."""
    assert not is_public(address)
    assert ipaddress.ip_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    """Addresses of the internet, in their forms."""
    assert is_public(address)


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One internal address among others is enough, and nothing is connected to; the answer of a name is asked once."""
    asked: list[str] = []

    def addresses(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (each, port)) for each in ("8.8.8.8", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    with pytest.raises(NotSent, match=r"leads to the internal address 169\.254\.169\.254"):
        WebhookSender().send(MESSAGE, Webhook("ops", "slack", "https://hooks.example.com/secret"))
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "https://",
        "https://ana@hooks.example.com/x",
        "file:///etc/passwd",
        "https://a\nb/",
    ],
)
def test_other_addresses_are_no_webhook(url: str) -> None:
    """Only https, without a user; the message does not repeat the address, which is a secret."""
    with pytest.raises(ValueError, match="for ops: kind slack or teams") as raised:
        webhook_from("ops", "slack", url)
    assert "example.com" not in str(raised.value)


def test_slack_gets_plain_text() -> None:
    """A value cannot mention a channel or become a link."""
    body = slack_body(MESSAGE)
    assert body["text"] == "Late is high &lt;!channel&gt;"
    assert [block["text"]["type"] for block in body["blocks"]] == ["plain_text", "plain_text", "mrkdwn"]
    assert body["blocks"][2]["text"]["text"] == "<https://d.example/?a=1&amp;b=2|Open the dashboard>"


def test_teams_gets_no_markdown_of_the_data() -> None:
    """Signs of Markdown are escaped; the card has the link as a button."""
    card = teams_body(MESSAGE)["attachments"][0]["content"]
    assert card["body"][1]["text"] == r"Late: 23% on \*Monday\* \[x\]\(https://evil\.example\)"
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the dashboard", "url": MESSAGE.link}]


def test_wrong_settings_are_reported_at_once_without_secrets() -> None:
    """Every fault has the name of its variable, and none repeats a password or a webhook's address."""
    with pytest.raises(DatasetError) as raised:
        report_settings_from(
            {
                "SMTP_URL": "ftp://ana:hunter2@mail",
                "REPORT_WEBHOOKS": '{"ops": {"kind": "irc", "url": "https://hooks.example.com/hunter2"}}',
                "REPORT_INTERNAL_HOSTS": "hooks.internal, https://other",
            }
        )
    text = str(raised.value)
    names = ("DASHBOARD_URL", "REPORT_FROM", "SMTP_URL", "REPORT_WEBHOOKS", "REPORT_INTERNAL_HOSTS")
    assert all(f"environment: {name}: expected" in text for name in names)
    assert "hunter2" not in text


def test_a_secret_stands_in_for_the_variables() -> None:
    """REPORT_SECRET names a secret with a server and webhooks; one of another form is refused without its text."""
    text = '{"SMTP_URL": "smtps://ana:hunter2@mail.example.com"}'
    found = with_secret({"REPORT_SECRET": "mail", "DASHBOARD_URL": "https://d.example.com"}, lambda _: text)
    assert found["SMTP_URL"] == "smtps://ana:hunter2@mail.example.com"
    assert with_secret({"SMTP_URL": "x"}, lambda _: text) == {"SMTP_URL": "x"}
    for wrong in ("hunter2", '["hunter2"]', '{"AWS_SECRET": "hunter2"}', '{"SMTP_URL": 1}', ""):
        with pytest.raises(DatasetError, match="REPORT_SECRET: expected a secret with a JSON object") as raised:
            with_secret({"REPORT_SECRET": "mail"}, lambda _, wrong=wrong: wrong)  # type: ignore[misc]
        assert "hunter2" not in str(raised.value)
