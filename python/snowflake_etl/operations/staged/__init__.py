"""What lies on the stage, and what past COPYs were like (floor 5): the parts of ``stage``."""
