"""Grouped counts flow in, the document of cards and charts that the browser draws flows out."""
