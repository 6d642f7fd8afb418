"""Why something failed, and what to do: facts are gathered, matched against a table of causes, and answered with
commands.
"""
