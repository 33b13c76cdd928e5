"""What a person has chosen to see: days, values and ranges, and the conditions that say so in SQL."""
