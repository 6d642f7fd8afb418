"""The parts of ``clean-file`` (floor 5): where it writes, its second pass, its proof, its types."""
