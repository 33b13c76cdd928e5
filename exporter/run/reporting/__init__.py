"""A run in progress and its ledger entry flow in; progress, metrics, warnings and the report flow out."""
