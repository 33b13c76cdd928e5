"""A board flows in, the text of its `board.yaml` flows out, and back."""

from typing import Final

import yaml

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.model.boards.board import MOST_CHARACTERS, Board, board_from
from dataset_model.faults import DatasetError
from dataset_model.reading.yaml_text import read_document

FILE: Final = "board.yaml"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines, such as SQL, as people write them."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    is_plain = all(line.isprintable() for line in value.split("\n"))
    # Breaks of lines that are not \n change where they are written as they are.
    style = '"' if not is_plain else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_of(board: Board) -> str:
    """Return the text of a board's file: its name, days and cards, and no person."""
    return yaml.dump(board.document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def board_from_yaml(text: str) -> Board:
    """Return the board of a file's text; raise InvalidRequest with every fault and its line."""
    if len(text) > MOST_CHARACTERS:
        expected = f"expected at most {MOST_CHARACTERS:,} characters; found {len(text):,}"
        raise InvalidRequest((FieldFault(FILE, expected),))
    try:
        document = read_document(text, FILE)
    except DatasetError as error:
        raise InvalidRequest(
            tuple(
                FieldFault(fault.where, f"{fault.field}: expected {fault.expected}; found {fault.found or 'nothing'}")
                for fault in error.faults[:20]
            )
        ) from None
    return board_from(document.data, where=document.lines)
