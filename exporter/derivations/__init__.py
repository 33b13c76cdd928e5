"""The functions of derived columns that the product ships, and what they read from."""
