"""Workgroups, named queries and prepared statements."""
