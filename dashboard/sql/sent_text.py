"""A parsed statement's tokens and edits flow in; the text that is sent flows out.

The text is the person's own tokens in their order, with one space where they left white space or a comment. Only the
edits differ: tables under their full names, and the bound of the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.tokens import Token, tokens_of


@dataclass(frozen=True)
class Edit:
    """Text in the place of the tokens from `first` to before `end`; inserted, where the two are equal."""

    first: int
    end: int
    text: str


def sent_text(tokens: Sequence[Token], edits: Sequence[Edit]) -> str:
    """Return the tokens as one line of text, edited; raise RefusedSql where that would read as other tokens."""
    pieces: list[str] = []
    expected: list[str] = []
    place = 0
    for edit in (*sorted(edits, key=lambda edit: edit.first), Edit(len(tokens), len(tokens), "")):
        for written in range(place, edit.first):
            pieces += [_space_before(tokens, written), tokens[written].text]
            expected.append(tokens[written].text)
        if edit.end > edit.first:
            pieces.append(_space_before(tokens, edit.first))
        pieces.append(edit.text)
        expected += [token.text for token in tokens_of(edit.text)]
        place = edit.end
    sent = "".join(pieces)
    if [token.text for token in tokens_of(sent)] != expected:
        raise RefusedSql("The statement cannot be sent as it is written", mend="Separate its words with spaces.")
    return sent


def _space_before(tokens: Sequence[Token], place: int) -> str:
    return " " if place > 0 and tokens[place].start > tokens[place - 1].end else ""
