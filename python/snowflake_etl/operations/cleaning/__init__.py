"""The parts of ``clean-file`` (floor 5): its output, its second pass, its proof, its types."""
