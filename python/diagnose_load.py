#!/usr/bin/env python3
"""Say why a job or a load failed, where, and what to do next."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
