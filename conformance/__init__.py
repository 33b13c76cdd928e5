"""Athena's engine 3 is based on Trino: a real Trino reads the stand-in's tables and runs what the product sends."""
