"""A person's alerts and reports flow in; their list, and the forms that make and change them, flow out."""
