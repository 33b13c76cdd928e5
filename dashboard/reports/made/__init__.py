"""Alerts and reports that people made flow in; what is sent of them, and how each stands, flows out."""
