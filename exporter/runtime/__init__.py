"""The process itself: imports, logs, memory and the scratch folder."""
