"""Record batches flow in, published days and quarantine files flow out."""
