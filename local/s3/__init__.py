"""What S3 promises and moto's S3 does not."""
