"""SQL of a person flows in, a checked statement or a refusal with its position flows out."""
