"""COPY INTO a table of the embedded warehouse."""
