"""The source for information_schema.columns, SHOW COLUMNS and DESCRIBE TABLE (floor 3).
A type that DuckDB does not keep completely is stored in the column's comment: ``declared:VARCHAR(10)``.
"""

from __future__ import annotations

LONGEST_TEXT = 16777216
DECLARED = "declared:"

_LENGTH = "try_cast(regexp_extract(comment, '^declared:VARCHAR\\((\\d+)\\)$', 1) AS INTEGER)"
_TEXT_LENGTH = f"CASE WHEN data_type = 'VARCHAR' THEN coalesce({_LENGTH}, {LONGEST_TEXT}) END"
_DECLARED_TIME = "regexp_extract(comment, '^declared:(TIME[A-Z_]*)', 1)"

# Replaces fakesnow's view of the same name, on which its information_schema and SHOW COLUMNS are based.
COLUMNS_VIEW = f"""
CREATE OR REPLACE VIEW _fs_global._fs_information_schema._fs_columns AS
SELECT
    database_name AS TABLE_CATALOG,
    schema_name AS TABLE_SCHEMA,
    table_name AS TABLE_NAME,
    column_name AS COLUMN_NAME,
    column_index AS ORDINAL_POSITION,
    column_default AS COLUMN_DEFAULT,
    CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
    CASE WHEN {_DECLARED_TIME} <> '' THEN {_DECLARED_TIME}
         WHEN data_type LIKE 'DECIMAL%' OR data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT')
             THEN 'NUMBER'
         WHEN data_type = 'VARCHAR' THEN 'TEXT'
         WHEN data_type IN ('DOUBLE', 'FLOAT') THEN 'FLOAT'
         WHEN data_type = 'BLOB' THEN 'BINARY'
         WHEN data_type = 'TIMESTAMP' THEN 'TIMESTAMP_NTZ'
         WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ'
         WHEN data_type = 'JSON' THEN 'VARIANT'
         ELSE data_type END AS DATA_TYPE,
    {_TEXT_LENGTH} AS CHARACTER_MAXIMUM_LENGTH,
    least({_TEXT_LENGTH} * 4, {LONGEST_TEXT}) AS CHARACTER_OCTET_LENGTH,
    CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_precision
         WHEN data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT') THEN 38 END AS NUMERIC_PRECISION,
    CASE WHEN data_type LIKE 'DECIMAL%' OR data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT')
         THEN 10 END AS NUMERIC_PRECISION_RADIX,
    CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_scale
         WHEN data_type IN ('BIGINT', 'INTEGER', 'HUGEINT', 'SMALLINT', 'TINYINT') THEN 0 END AS NUMERIC_SCALE,
    CASE WHEN data_type LIKE 'TIME%'
         THEN coalesce(try_cast(regexp_extract(comment, '^declared:TIME[A-Z_]*\\((\\d)\\)$', 1) AS INTEGER), 9)
         END AS DATETIME_PRECISION,
    NULL::VARCHAR AS COLLATION_NAME,
    'NO' AS IS_IDENTITY,
    NULL::VARCHAR AS IDENTITY_GENERATION,
    NULL::VARCHAR AS IDENTITY_CYCLE,
    CASE WHEN starts_with(comment, '{DECLARED}') THEN NULL ELSE comment END AS COMMENT,
    NULL::VARCHAR AS IDENTITY_START,
    NULL::VARCHAR AS IDENTITY_INCREMENT,
    NULL::VARCHAR AS IDENTITY_ORDERED,
    NULL::VARCHAR AS DATA_TYPE_ALIAS
FROM duckdb_columns()
WHERE NOT internal AND schema_name <> '_fs_information_schema' AND database_name <> '_fs_global'
"""
