"""Work on configurations themselves (floor 5): checking them, and moving older ones to the current shape."""
