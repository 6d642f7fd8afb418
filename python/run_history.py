#!/usr/bin/env python3
"""List past runs and checks, and compare the last check with the one before."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
