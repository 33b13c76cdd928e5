"""A message before it is a mail or a webhook's card."""

from dataclasses import dataclass


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
    """A CSV file that is attached."""

    name: str
    content: bytes


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
