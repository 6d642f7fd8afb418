"""The parts of ``stage`` (floor 5): what is on the stage, and how past COPYs performed."""
