"""Files in the bucket flow in, pages of their rows flow out as DynamoDB would give items."""
