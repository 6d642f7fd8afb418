"""Notices (floor 3): what they say, what of them is kept in the state folder, and how they are sent."""
