#!/usr/bin/env python3
"""Show all about tables: columns, size, grants, last loads, namesakes."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
