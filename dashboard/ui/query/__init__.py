"""Inputs of a person flow in, a running query flows out."""
