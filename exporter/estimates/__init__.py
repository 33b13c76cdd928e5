"""A window and sizes of its days flow in, read units, dollars and minutes flow out."""
