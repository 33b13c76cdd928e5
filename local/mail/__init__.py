"""Mails flow in by SMTP, a list of them on a page flows out: nothing leaves this machine."""
