"""A checked statement and the records flow in; which days it may open and what it costs at most flow out."""
