"""The document that the browser draws: of a board, of each chart, and of its marks, bins, series and colours."""
