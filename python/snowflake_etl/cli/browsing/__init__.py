"""What the file browser shows (floor 6): on the whole screen, or as a plain list."""
