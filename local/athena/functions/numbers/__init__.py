"""Functions over numbers, and numbers as text."""
