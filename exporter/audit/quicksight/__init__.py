"""A QuickSight manifest and its files flow in: what an ingestion would drop, and what the last one has dropped."""
