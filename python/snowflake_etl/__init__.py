"""Snowflake ETL Pipeline Manager: the package behind the scripts in ``python/``."""

__version__ = "0.1.0"
