#!/usr/bin/env python3
"""Bring back a month that was dropped or replaced."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
