"""A query tree and the objects of its tables flow in, Arrow rows and scanned bytes flow out."""
