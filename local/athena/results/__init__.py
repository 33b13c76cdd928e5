"""Rows of the engine flow in, text, CSV and result pages flow out."""
