"""Stack parameters flow in, a running installation flows out, or nothing is left of it."""
