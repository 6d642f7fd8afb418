"""Months out and back: drop, restore, and what proves and undoes them."""
