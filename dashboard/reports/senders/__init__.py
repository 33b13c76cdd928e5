"""A message flows in, a mail server, Amazon SES or a webhook gets it."""
