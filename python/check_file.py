#!/usr/bin/env python3
"""Check files before they are loaded: days, layout, types, duplicate keys, rules."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
