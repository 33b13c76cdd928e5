"""A window, the calendar and the records flow in, key ranges and decisions flow out; no client is called here."""
