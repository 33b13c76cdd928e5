"""Published days and the index flow in, findings flow out: `verify` compares, `doctor` inspects records and objects."""
