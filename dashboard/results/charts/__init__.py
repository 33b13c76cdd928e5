"""A result table flows in, the choice of a chart, its points and its Altair specification flow out."""
