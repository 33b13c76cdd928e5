"""The shards of a table's stream flow in, read without Lambda; its changes flow out through the writer."""
