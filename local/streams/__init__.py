"""Writes of a table flow in; a stream with shards, and what an event source mapping makes of it, flow out."""
