"""Attributes flow in by name, columns flow out: each with its name, its type, its date format or its derivation."""
