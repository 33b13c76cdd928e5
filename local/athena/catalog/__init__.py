"""Glue tables flow in, columns, types and the partitions that a query must read flow out."""
