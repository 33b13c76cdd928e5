"""Boards of people flow to S3 and back, each with its last versions."""
