#!/usr/bin/env python3
"""Compress files into numbered parts with a manifest and checksums, to be loaded on another host."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
