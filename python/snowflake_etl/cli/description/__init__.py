"""What the command line is, told from its parsers (floor 6): docs/commands.md, man pages, words for bash completion."""
