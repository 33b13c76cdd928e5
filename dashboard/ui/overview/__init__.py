"""The Overview's elements: the board and its filter dialog."""
