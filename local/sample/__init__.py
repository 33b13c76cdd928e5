"""A seed and a number flow in, sample contacts as DynamoDB items flow out."""
