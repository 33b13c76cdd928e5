"""Records of a table's stream flow in; change files, their tables and the view of the present state flow out."""
