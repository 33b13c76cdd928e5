"""The verbs of the command line, one module each: options in, one call of the module that does the work, text out."""
