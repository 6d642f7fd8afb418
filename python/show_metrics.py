#!/usr/bin/env python3
"""Print the state of loads, jobs and scheduled runs for monitoring, in Prometheus' text format."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
