"""Loads that did not end well: which there are, and widening a column for one that had values too long for it."""
