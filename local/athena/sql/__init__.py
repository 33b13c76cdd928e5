"""Athena's SQL flows in, DuckDB's SQL flows out."""
