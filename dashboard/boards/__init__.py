"""A board and the service flow in, the answers of its cards flow out: for the page, for print and for mail."""
