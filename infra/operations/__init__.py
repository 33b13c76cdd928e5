"""A running installation flows in, its state, logs and exports on demand flow out."""
