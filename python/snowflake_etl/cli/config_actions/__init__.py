"""The actions of ``config``, one module each (floor 6): ``HELP``, ``add_arguments`` for its own flags, and ``run``."""
