#!/usr/bin/env python3
"""Report on every table of one configuration or of several."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
