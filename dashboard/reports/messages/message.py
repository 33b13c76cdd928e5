"""A message before it is a mail or a webhook's card."""

from dataclasses import dataclass
from typing import Literal

from dashboard.stores.notices.journal import Outcome


@dataclass(frozen=True)
class Picture:
    """A drawing in a mail."""

    name: str
    """Its Content-ID before the `@`."""
    png: bytes
    text: str
    """What it shows, for those who do not see it."""


@dataclass(frozen=True)
class File:
    """A file that is attached."""

    name: str
    content: bytes
    kind: Literal["text/csv", "application/pdf"] = "text/csv"


@dataclass(frozen=True)
class Message:
    """What one notice says on one occasion, the same for each reader."""

    subject: str
    lines: tuple[str, ...]
    """Paragraphs of plain text."""
    link: str
    """The page with the same figures and filters."""
    html: str = ""
    """The body of the mail's HTML, pictures by `cid:`; without the foot, which differs by reader."""
    pictures: tuple[Picture, ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class Composed:
    """What a notice says on an occasion; no message where there is nothing to tell, or not yet."""

    outcome: Outcome
    text: str
    message: Message | None = None
