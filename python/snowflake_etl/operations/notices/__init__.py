"""Events worth a notice besides the end of a run (floor 5): jobs that died, tables without a load for a long time."""
