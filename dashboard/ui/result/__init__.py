"""A finished query flows in, its table, chart and downloads flow out."""
