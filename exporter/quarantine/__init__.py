"""Quarantine files flow in, summaries and retried items flow out."""
