"""What Athena refuses before it runs: a tree or its text goes in, an error by its name comes out."""
