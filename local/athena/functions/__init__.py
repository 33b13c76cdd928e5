"""Trino's functions in DuckDB: macros over its own, and Python where it has nothing alike."""
