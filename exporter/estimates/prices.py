"""Prices in US dollars. Each is an assumption with its region and date; options override them."""

DOLLARS_PER_MILLION_READ_UNITS = 0.125
"""On-demand read request units of a standard table in us-east-1, since November 2024."""

DOLLARS_PER_EXPORTED_GB = 0.10
"""Native export of a table to S3 in us-east-1, November 2024; per GB of the whole table.

It requires point-in-time recovery, which is paid for by the month and not counted here.
"""

READ_UNIT_BYTES = 8192
"""Bytes per read unit, eventually consistent: half a unit per 4 KB."""

GB = 1_000_000_000
"""S3 and DynamoDB print prices per GB and bill by 2**30 bytes; the smaller one never makes a plan too cheap."""
