"""Why something failed, and what to do: facts gathered, a table of causes over them, cures as commands."""
