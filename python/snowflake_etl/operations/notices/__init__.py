"""What is worth telling beside the end of a run (floor 5): jobs that died, tables without a load for long."""
