"""Parameters and filters flow in, statements with bound values flow out."""
