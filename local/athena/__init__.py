"""Athena's API over Glue tables and S3 objects, answered by DuckDB on this machine.

A request enters at `protocol`, is carried out by `service`, and a query runs in `engine`:
`translate` (SQL) -> `plan` (what each table reference needs) -> `partitions` (which objects) -> `scan` (Arrow)
-> DuckDB -> `results` (text, CSV, pages).
"""
