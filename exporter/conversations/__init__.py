"""A table of conversations flows in; its two datasets flow out, as Parquet and as the CSV that its users know."""
