"""Trino from Maven Central, started on loopback, and asked over its REST protocol."""
