"""The embedded warehouse: Snowflake's interface over DuckDB, on this host, kept on disk."""
