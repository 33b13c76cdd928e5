"""Row groups of a day flow in, one file in the format of a target flows out."""
