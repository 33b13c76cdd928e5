"""The figures of a view flow in, the board and its dialogs flow out."""
