"""Objects, records and the catalogue: every call to S3, Glue and Athena."""
