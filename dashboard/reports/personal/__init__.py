"""Alerts and reports that people made flow in; their checked form, their rights and their status flow out."""
