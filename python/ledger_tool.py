#!/usr/bin/env python3
"""List what is loaded, and record what was loaded before this tool."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
