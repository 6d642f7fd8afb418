"""What ``doctor`` looks at (floor 5): this host, the way to the warehouse, what our role may do there."""
