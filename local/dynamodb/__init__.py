"""What DynamoDB does and moto's DynamoDB does too slowly."""
