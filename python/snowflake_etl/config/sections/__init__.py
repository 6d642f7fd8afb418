"""The sections of a configuration, one module each (floor 2): pydantic models, nothing else."""
