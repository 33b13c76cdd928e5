"""What was sent, who wants no more of it, and notices that people made flow to S3 and back."""
