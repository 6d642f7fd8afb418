#!/usr/bin/env python3
"""Delete months from tables: counted, shown, confirmed, and undoable."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
