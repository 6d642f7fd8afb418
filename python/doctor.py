#!/usr/bin/env python3
"""Check the connection, the privileges and the objects that the tools need."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
