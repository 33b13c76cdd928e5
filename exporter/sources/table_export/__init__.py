"""A table's native export in S3 flows in, decoded pages of its items flow out."""
