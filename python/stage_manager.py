#!/usr/bin/env python3
"""List and clean the stage, and show how fast past COPYs were."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
