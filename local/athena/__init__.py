"""Athena's API over Glue tables and S3 objects, answered by DuckDB on this machine.

A request enters at `protocol`, and the module of its kind in `statements` runs it. A query goes through
`sql.translate` (DuckDB's SQL), `engine.table_plan` (what each table reference needs), `catalog.partitions` (which
objects), `engine.scan` (Arrow), DuckDB, and `results` (text, CSV, pages).
"""
