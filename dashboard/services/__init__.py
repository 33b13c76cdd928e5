"""Questions flow in, running queries and their results flow out: one service for pages and API."""
