"""Export records flow in, freshness and verification status flow out."""
