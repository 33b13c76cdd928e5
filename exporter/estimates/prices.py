"""Prices in US dollars. Each is an assumption with its region and date; options override them."""

DOLLARS_PER_MILLION_READ_UNITS = 0.125
"""On-demand read request units of a standard table in us-east-1, since November 2024."""

DOLLARS_PER_EXPORTED_GB = 0.10
"""Native export of a table to S3 in us-east-1, November 2024; per GB of the whole table.

It requires point-in-time recovery, which is paid for by the month.
"""

LEAST_EXPORTED_BYTES = 10_000_000
"""What an incremental export pays for where less has changed."""

DOLLARS_PER_RECOVERABLE_GB = 0.20
"""A month of point-in-time recovery in us-east-1, November 2026; per GB of the whole table."""

DOLLARS_PER_TASK_HOUR = 0.04937
"""A Fargate task of one vCPU ($0.04048) and 2 GB ($0.004445 each) in us-east-1, November 2026."""

DOLLARS_PER_SCANNED_TB = 5.0
"""Athena in us-east-1, November 2026; per TB that a query reads, of which it pays for 10 MB at least."""

READ_UNIT_BYTES = 8192
"""Bytes per read unit, eventually consistent: half a unit per 4 KB."""

GB = 1_000_000_000
"""S3 and DynamoDB print prices per GB and bill by 2**30 bytes; the smaller one never makes a plan too cheap."""

TB = 2**40
"""What Athena's price is for."""

LEAST_SCANNED_BYTES = 10 * 2**20
"""What a query pays for where it reads less."""
