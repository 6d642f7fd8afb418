#!/usr/bin/env python3
"""Notices: try the targets, report dead jobs and silent tables, send what is waiting."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
