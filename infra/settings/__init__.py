"""An environment file and the templates flow in, stack parameters flow out."""
