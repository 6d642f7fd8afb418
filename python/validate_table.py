#!/usr/bin/env python3
"""Check whether tables are complete and sane, in Snowflake."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
