#!/usr/bin/env python3
"""Notices: try the targets, tell of dead jobs and silent tables, send what waits."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
