"""Configurations to begin with (floor 2): YAML with a comment on each key; each can be read unchanged."""

from __future__ import annotations

_FILES = """\
files:
  - file_pattern: orders_{date_range}.tsv   # {date_range}: 20240101-20240131, {month}: 2024-01, *: anything
    table_name: ORDERS
    date_column: ORDER_DATE                 # without it a month cannot be replaced
    date_format: YYYYMMDD                   # default: ISO dates
    duplicate_key_columns: [ORDER_DATE, ORDER_ID]
"""

_LOCAL = f"""\
# Everything on this host, in the embedded warehouse: to try the tools, and files, without an account.
snowflake:
  connection: local
  database: DEMO
  schema: PUBLIC
base_path: incoming                         # relative to the folder of this file
{_FILES}\
    create_table:                           # made where it is missing
      ORDER_DATE: DATE
      ORDER_ID: NUMBER(12,0)
      PRICE: NUMBER(12,2)
      NOTE: VARCHAR(200)
"""

_KEY_PAIR = f"""\
# Your own account, with a key pair to sign in.
#   openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -out etl.p8 && chmod 600 etl.p8
#   config set-secret etl-key               # its passphrase
snowflake:
  account: ORGANIZATION-ACCOUNT             # without .snowflakecomputing.com
  user: ETL_USER
  private_key_file: ~/.snowflake/etl.p8     # mode 0600
  private_key_file_pwd: ${{secret:etl-key}}
  role: ETL_LOADER
  warehouse: LOAD_WH
  database: SALES
  schema: PUBLIC
base_path: /data/incoming
{_FILES}"""

_CONNECTION = f"""\
# A connection of Snowflake's own connections.toml, by its name.
snowflake:
  connection: my-account
  database: SALES
  schema: PUBLIC
base_path: /data/incoming
{_FILES}"""

_ENVIRONMENTS = f"""\
# One set of files, several places: --environment NAME, ETL_ENVIRONMENT, or the default.
default_environment: dev
environments:
  dev:
    snowflake: {{connection: local, database: DEMO}}
    base_path: incoming
  staging:
    snowflake: {{connection: acme-staging, database: SALES_STAGING, role: ETL_LOADER}}
  prod:                                     # named in every question
    snowflake: {{connection: acme-prod, database: SALES, role: ETL_LOADER}}
    load: {{keep_failed: 14}}
snowflake:
  schema: PUBLIC
base_path: /data/incoming
{_FILES}"""

TEMPLATES = {
    "local": _LOCAL,
    "key-pair": _KEY_PAIR,
    "connection": _CONNECTION,
    "environments": _ENVIRONMENTS,
}
