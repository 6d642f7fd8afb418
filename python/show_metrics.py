#!/usr/bin/env python3
"""Loads, jobs and scheduled runs for a monitor, in Prometheus text format."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
