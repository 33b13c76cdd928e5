"""Export records, cached answers and saved queries, read from S3 and written to it."""
