"""A message and a webhook flow in, Slack or Teams gets it.

The address is a setting, yet the name in it may lead elsewhere later. It is resolved once, an internal address is
refused, and the connection goes to the address that was checked. A redirect is refused.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from dashboard.errors import NotSent, PerhapsSent
from dashboard.reports.messages.message import Message

WebhookKind = Literal["slack", "teams"]
_SECONDS: Final = 20.0
_MOST_ANSWER: Final = 4_096
_MOST_TITLE: Final = 150
_MOST_TEXT: Final = 2_800
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~])")


@dataclass(frozen=True)
class Webhook:
    """Where a webhook leads; its path is a secret, which no text has."""

    name: str
    kind: WebhookKind
    url: str = field(repr=False)


def webhook_from(name: str, kind: str, url: str) -> Webhook:
    """Return a webhook; raise ValueError with what was expected, without the address."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        is_good = False
    if kind not in ("slack", "teams") or not is_good or not url.isascii() or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError(f"for {name}: kind slack or teams, and an address that begins with https://")
    return Webhook(name, "slack" if kind == "slack" else "teams", url)


class WebhookSender:
    """Posts messages. `internal` are names of hosts that may have an internal address."""

    def __init__(self, internal: Collection[str] = ()) -> None:
        self._internal = frozenset(internal)

    def send(self, message: Message, webhook: Webhook) -> None:
        """Post a message; raises NotSent or PerhapsSent."""
        parts = urlsplit(webhook.url)
        host, port = parts.hostname or "", parts.port or 443
        addresses = self._checked(host, port, webhook.name)
        target = parts.path or "/"
        body = json.dumps(slack_body(message) if webhook.kind == "slack" else teams_body(message)).encode()
        connection = _Pinned(host, port, addresses)
        given = False
        try:
            connection.connect()
            given = True
            connection.request(
                "POST", f"{target}?{parts.query}" if parts.query else target, body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            said = answer.read(_MOST_ANSWER).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            if given:
                raise PerhapsSent(f"the webhook {webhook.name} broke off after it was given the message") from None
            raise NotSent(f"the webhook {webhook.name} at {host} could not be reached: {error}") from None
        finally:
            connection.close()
        if 300 <= answer.status < 400:
            raise NotSent(f"the webhook {webhook.name} redirects, which is not followed. Correct its address.")
        if answer.status >= 500:
            raise PerhapsSent(f"the webhook {webhook.name} answered {answer.status}")
        if answer.status >= 400:
            raise NotSent(f"the webhook {webhook.name} refused: {answer.status} {' '.join(said.split())[:200]}")

    def _checked(self, host: str, port: int, name: str) -> Sequence[str]:
        """Return the addresses of the name, each of them checked."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"the webhook {name}: the name {host} was not found ({error})") from None
        addresses = [str(each[4][0]) for each in found]
        internal = [address for address in addresses if not is_public(address)]
        if internal and host not in self._internal:
            raise NotSent(
                f"the webhook {name}: {host} leads to the internal address {internal[0]}, which is refused. "
                "Set REPORT_INTERNAL_HOSTS to the name if it is meant."
            )
        return tuple(dict.fromkeys(addresses))


def is_public(address: str) -> bool:
    """Return whether an address, and every other one that it stands for, is one of the internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        meant = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in _NAT64:
            meant.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
        if any(each is not None and not is_public(str(each)) for each in meant):
            return False
        if found.ipv4_mapped is not None:
            return True
    return found.is_global and not found.is_multicast


def slack_body(message: Message) -> dict[str, Any]:
    """Return the message in Slack's form: plain text, which mentions no person."""
    text = "\n".join(message.lines)[:_MOST_TEXT]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.subject[:_MOST_TITLE], "emoji": False}},
        {"type": "section", "text": {"type": "plain_text", "text": text or "\N{EN DASH}", "emoji": False}},
    ]
    link = {"type": "mrkdwn", "text": f"<{_slack_text(message.link)}|Open the dashboard>"}
    return {"text": _slack_text(message.subject), "blocks": [*blocks, {"type": "section", "text": link}]}


def teams_body(message: Message) -> dict[str, Any]:
    """Return the message in Teams' form, an adaptive card; what is data is no Markdown."""
    text = "\n\n".join(_MARKDOWN.sub(r"\\\1", line) for line in message.lines)[:_MOST_TEXT]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock",
                "text": _MARKDOWN.sub(r"\\\1", message.subject),
                "weight": "bolder",
                "size": "medium",
                "wrap": True,
            },
            {"type": "TextBlock", "text": text, "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open the dashboard", "url": message.link}],
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


class _Pinned(http.client.HTTPSConnection):
    """A connection to one of the addresses that were checked, under the name that its certificate must have."""

    def __init__(self, host: str, port: int, addresses: Sequence[str]) -> None:
        super().__init__(host, port, timeout=_SECONDS, context=ssl.create_default_context())
        self._addresses = addresses

    def connect(self) -> None:
        """Connect to the first address that answers, without asking for the name's addresses again."""
        plain = self._connected()
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def _connected(self) -> socket.socket:
        fault: OSError = OSError("the name has no address")
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), _SECONDS)
            except OSError as error:
                # A network without IPv6 still gets such addresses by name.
                fault = error
        raise fault


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
