"""The actions of ``config``, a module each (floor 6): ``HELP``, ``add_arguments`` for flags of its own, and ``run``."""
