"""What is done with configurations themselves (floor 5): checked, and moved from older shapes to today's."""
