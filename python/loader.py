#!/usr/bin/env python3
"""Load months of files into tables: exactly once, checked."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
