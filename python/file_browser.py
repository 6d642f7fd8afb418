#!/usr/bin/env python3
"""Look through folders, preview files, choose some and get the command for them."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
