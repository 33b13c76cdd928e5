"""Values inside of an item: at a path into maps and lists, and a row for each element of a list."""
