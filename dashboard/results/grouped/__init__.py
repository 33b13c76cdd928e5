"""The answer to a question by groupings flows in; its groups, its pivot table with totals and its chart flow out."""
