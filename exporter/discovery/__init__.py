"""Sample items of an unknown table flow in, a proposed dataset file flows out."""
