"""DynamoDB items of every kind, exported by the product itself: what both engines read."""
