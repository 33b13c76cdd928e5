"""Text of a dataset file flows in; values with lines, contradictions and suggestions for wrong names flow out."""
