"""``python -m snowflake_etl VERB ...``."""

import sys

from snowflake_etl.cli.main import ended, main

sys.exit(ended(main()))
