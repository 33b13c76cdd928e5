"""A YAML text and changes flow in; the text with these changes alone flows out."""

from collections.abc import Sequence

from dataset_model.faults import Path
from dataset_model.reading.document import Document


class Revision:
    """A text and the changes to make in it; `reason`s become comments at the end of their lines."""

    def __init__(self, text: str, document: Document) -> None:
        self._text = text if text.endswith("\n") else f"{text}\n"
        self._document = document
        self._edits: list[tuple[int, int, str]] = []
        self._explained: set[int] = set()

    def text(self) -> str:
        """Return the text with all changes."""
        text = self._text
        in_order = sorted(enumerate(self._edits), key=lambda edit: (edit[1][0], edit[0]))
        for _, (start, end, new) in reversed(in_order):
            text = text[:start] + new + text[end:]
        return text

    def replace(self, path: Path, new: str, reason: str) -> None:
        """Replace the value of a path."""
        span = self._document.spans[path]
        self._edits.append((span.start, span.end, new))
        self._explain(span.end, reason)

    def extend_list(self, path: Path, new: Sequence[str], reason: str) -> None:
        """Add entries at the end of a list, in either way of writing it."""
        span = self._document.spans[path]
        if span.in_brackets:
            last = max(found.end for place, found in self._document.spans.items() if place[:-1] == path)
            self._edits.append((last, last, "".join(f", {value}" for value in new)))
            self._explain(span.end, reason)
            return
        end = self._line_end(span.end)
        lines = [f"\n{' ' * span.column}- {value}" for value in new]
        self._edits.append((end, end, f"{lines[0]}  # {reason}{''.join(lines[1:])}"))

    def add_field(self, after: Path, name: str, value: str, reason: str) -> None:
        """Add a field after another one of the same mapping."""
        span = self._document.spans[after]
        if self._document.spans[after[:-1]].in_brackets:
            self._edits.append((span.end, span.end, f", {name}: {value}"))
            self._explain(span.end, reason)
            return
        end = self._line_end(span.end)
        indent = self._document.spans[after[:-1]].column
        self._edits.append((end, end, f"\n{' ' * indent}{name}: {value}  # {reason}"))

    def append_lines(self, path: Path, lines: Sequence[str]) -> None:
        """Add whole lines after everything below a path."""
        end = self._line_end(self._document.spans[path].end)
        self._edits.append((end, end, "".join(f"\n{line}" for line in lines)))

    def _explain(self, end: int, reason: str) -> None:
        """Set the comment of the line on which a value ends."""
        line_end = self._line_end(end)
        if line_end in self._explained:  # one comment a line
            return
        self._explained.add(line_end)
        rest = self._text[end:line_end]
        kept = rest.split("  #", 1)[0].rstrip()
        self._edits.append((end + len(kept), line_end, f"  # {reason}"))

    def _line_end(self, at: int) -> int:
        # A block text ends after its line break, which belongs to it.
        return self._text.index("\n", len(self._text[:at].rstrip()))
