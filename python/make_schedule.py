#!/usr/bin/env python3
"""Print crontab lines or systemd units that start a command regularly."""

import sys

from snowflake_etl.cli.main import run_script

if __name__ == "__main__":
    sys.exit(run_script(__file__))
