"""What the file browser shows (floor 6): on the full screen, or as a plain list."""
