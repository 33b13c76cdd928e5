"""The `dashboard` section of a dataset file flows in, its model and its contradictions flow out."""
