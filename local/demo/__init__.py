"""`make demo`: the stand-in, sample contacts, an export and the dashboard, started and stopped together."""
