"""A day's sales event and the store summaries of a table flow in, files of JSON lines for QuickSight flow out."""
