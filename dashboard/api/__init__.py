"""HTTP requests flow in, JSON, CSV and errors with a status flow out."""
