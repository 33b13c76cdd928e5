"""The address flows in, the board and the period that it names flow out, and back."""

from typing import Final, get_args

import streamlit as st

from dataset_model.dashboard.periods import Preset

_BOARD: Final = "board"
_PRESET: Final = "preset"
_ALL: Final = "all"


def board_in_address() -> str | None:
    """Return the id of the board that the address names; None where it names none."""
    return st.query_params.get(_BOARD) or None


def show_board(board_id: str) -> None:
    """Open a board, so that the address shares it."""
    st.query_params[_BOARD] = board_id
    st.query_params.pop(_PRESET, None)


def close_board() -> None:
    """Go back to the list."""
    for name in (_BOARD, _PRESET):
        st.query_params.pop(name, None)


def preset_in_address(otherwise: Preset | None) -> Preset | None:
    """Return the period that the address names, by default the board's own."""
    text = st.query_params.get(_PRESET)
    if text == _ALL:
        return None
    return next((preset for preset in get_args(Preset) if preset == text), otherwise)


def show_preset(option: str) -> None:
    """Show another period, in the address alone: the board stays as it is."""
    st.query_params[_PRESET] = option
