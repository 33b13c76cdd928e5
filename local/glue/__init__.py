"""What Glue promises and moto's Glue does not."""
