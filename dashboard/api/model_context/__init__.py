"""Calls of the Model Context Protocol flow in, answers of the same services as the API's flow out."""
