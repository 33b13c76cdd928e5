"""The four comparisons: tables against Parquet, the product's statements, the guard, the local Athena."""
