"""Files that are made from the days of Parquet, and their records, flow in; what disagrees flows out."""
