"""Sockets of pages flow in, those of signed-in people with allowed messages flow out."""
