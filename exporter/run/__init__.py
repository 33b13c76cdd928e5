"""A request flows in, a run report flows out: read, publish, record, under one lease."""
