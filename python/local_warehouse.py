#!/usr/bin/env python3
"""Start, stop, query and reset the embedded warehouse."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
