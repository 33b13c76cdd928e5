"""Boards and their answers flow in, the pages, cards and dialogs of boards flow out."""
