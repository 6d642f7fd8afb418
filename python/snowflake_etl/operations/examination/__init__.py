"""What ``doctor`` checks (floor 5): this host, the connection to the warehouse, the rights of our role."""
