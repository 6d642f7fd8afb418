#!/usr/bin/env python3
"""Compare two files: layout, rows, columns, and which rows were added, removed or changed."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
