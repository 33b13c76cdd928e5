"""Findings and boards flow in, texts, HTML and mails flow out."""
