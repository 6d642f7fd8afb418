"""The file tools (floor 5): sample, compare, compress, and loads of what was compressed."""
