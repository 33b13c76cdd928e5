"""A question about current items flows in, their answer comes from DynamoDB; nothing published is read."""
