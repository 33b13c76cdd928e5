"""Published days and the index flow in, findings flow out: `verify` compares, `doctor` looks for damage."""
