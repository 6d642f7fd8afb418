"""Notices (floor 3): what they say, what is kept about them in the state folder, and how they are sent."""
