#!/usr/bin/env python3
"""Tell all about tables: columns, size, grants, loads, and where else one of that name stands."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
