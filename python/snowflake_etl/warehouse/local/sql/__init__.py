"""Snowflake's SQL on DuckDB."""
