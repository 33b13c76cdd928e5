"""Text of a dataset file flows in, its values with their lines, and suggestions for wrong names, flow out."""
