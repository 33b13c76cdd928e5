"""The only package that calls AWS: Athena, S3 and Secrets Manager."""
