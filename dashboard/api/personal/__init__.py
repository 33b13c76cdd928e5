"""What a person keeps and may end: boards, alerts and reports, sessions, tokens, the mails of a notice."""
