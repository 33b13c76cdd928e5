"""A measure, groupings and filters flow in, one statement that computes every cell and total flows out."""
