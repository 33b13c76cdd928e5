"""Result files of Athena flow in, tables, charts and downloads flow out."""
