"""A DynamoDB index flows in, bodies of its Query responses flow out."""
