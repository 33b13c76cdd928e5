"""Who asks flows in, what they may see and do flows out."""
