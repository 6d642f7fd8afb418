#!/usr/bin/env python3
"""List what interrupted loads left behind, and remove it."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
