#!/usr/bin/env python3
"""Remove old logs, ended jobs and history beyond the limits of the configuration."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
