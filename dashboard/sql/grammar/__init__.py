"""SQL text flows in; the parsed statement, with its tables, functions and conditions, or a RefusedSql flows out."""
