"""The command line, described from its parsers (floor 6): docs/commands.md, man pages, words for bash completion."""
