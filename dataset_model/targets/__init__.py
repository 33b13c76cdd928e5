"""A day of rows flows in, where it goes flows out: its format, its partition, its object key."""
