"""Bodies of Query responses flow in, Arrow record batches and withheld items flow out."""
