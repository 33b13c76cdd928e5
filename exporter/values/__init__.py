"""One attribute value flows in, a number, an instant or a text flows out."""
