"""Loads that did not end well: listing them, and widening columns for a load whose values were too long."""
