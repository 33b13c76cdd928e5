"""API requests flow in, API responses flow out: query executions, workgroup and catalogue calls."""
