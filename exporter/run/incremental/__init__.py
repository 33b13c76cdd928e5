"""Incremental exports of a table flow in; the days that they have changed are owed again, and a log of the changes."""
