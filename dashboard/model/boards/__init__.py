"""A document of a page, a file or a request flows in, a checked board of cards flows out, and back."""
