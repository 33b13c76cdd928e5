"""What DynamoDB does and moto's DynamoDB does otherwise or too slowly."""
