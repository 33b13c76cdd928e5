"""A table's export to S3 flows in, its files flow out: waited for, and converted by several processes where asked."""
