#!/usr/bin/env python3
"""Look into a file: rows, columns, types, NULLs, dates, and a configuration for it."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
