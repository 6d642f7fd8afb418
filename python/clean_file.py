#!/usr/bin/env python3
"""Write a copy of a file that can be loaded, and a list of the rows that cannot, with the reasons."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
