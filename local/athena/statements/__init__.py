"""One statement flows in; the module of its kind runs it."""
