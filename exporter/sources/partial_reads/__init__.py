"""Keys, single items, samples and ends of an index: reads that need less than whole items."""
