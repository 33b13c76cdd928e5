"""A seed and a number flow in, sample data as DynamoDB items flow out."""
