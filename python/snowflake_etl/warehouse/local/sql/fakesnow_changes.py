"""Changes to fakesnow itself, where its answers would differ from Snowflake's (floor 3)."""

from __future__ import annotations

import logging
from string import Template
from typing import Any

from sqlglot import Expr, exp

# Minutes east of UTC, plus 1440.
_UTC_ON_THE_WIRE = 1440
# Its messages about a name, each a statement with the name in a literal.
_SENTENCES = ("SQL_CREATED_SCHEMA", "SQL_CREATED_TABLE", "SQL_CREATED_VIEW", "SQL_DROPPED")


def adapt_fakesnow() -> None:
    """Remove what would make answers differ from Snowflake's."""
    from fakesnow import arrow, cursor, info_schema, transforms
    from fakesnow.transforms import show

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    # It makes every SUM a FLOAT, for the sake of sums over texts.
    transforms.numeric_agg_implicit_cast = numeric_agg_implicit_cast
    # It reads a text cast to a timestamp as a number of seconds first, which fails for bound values.
    genuine = transforms.to_timestamp

    def to_timestamp(node: Expr) -> Expr:
        return node if isinstance(node, exp.Cast) else genuine(node)

    transforms.to_timestamp = to_timestamp
    # It promises a day of Time Travel and has none: whoever relied on it could not restore what was deleted.
    show.SQL_CREATE_VIEW_SHOW_TABLES = show.SQL_CREATE_VIEW_SHOW_TABLES.replace(
        "1 as retention_time", "0 as retention_time"
    )
    # It cannot create a table whose name has an apostrophe.
    for sentence in _SENTENCES:
        setattr(cursor, sentence, _Sentence(getattr(cursor, sentence).template))
    commented = info_schema.insert_table_comment_sql
    info_schema.insert_table_comment_sql = lambda *texts: commented(*map(_in_literal, texts))
    # It sends NULL timestamps as 1970.
    arrow.timestamp_to_sf_struct = _timestamps_on_the_wire


class _Sentence(Template):
    """A statement with names in its literals."""

    def substitute(self, /, *arguments: Any, **names: Any) -> str:
        return super().substitute(*arguments, **{key: _in_literal(name) for key, name in names.items()})


def _in_literal(text: object) -> str:
    return str(text).replace("'", "''")


def numeric_agg_implicit_cast(node: Expr) -> Expr:
    """Change nothing."""
    return node


def _timestamps_on_the_wire(column: Any) -> Any:
    """Timestamps as the connector reads them: seconds since 1970, nanoseconds, and the zone (UTC) if any."""
    import pyarrow
    from pyarrow import compute

    moments = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    micros = moments.cast(pyarrow.timestamp("us", tz=moments.type.tz)).cast(pyarrow.int64())
    seconds = moments.cast(pyarrow.timestamp("us", tz=moments.type.tz))
    seconds = compute.floor_temporal(seconds, unit="second").cast(pyarrow.int64())
    parts = {
        "epoch": compute.fill_null(compute.divide(seconds, 1_000_000), 0),
        "fraction": compute.fill_null(compute.multiply(compute.subtract(micros, seconds), 1000), 0).cast(
            pyarrow.int32()
        ),
    }
    if moments.type.tz:
        parts["timezone"] = pyarrow.array([_UTC_ON_THE_WIRE] * len(moments), pyarrow.int32())
    fields = [pyarrow.field(name, values.type, nullable=False) for name, values in parts.items()]
    return pyarrow.StructArray.from_arrays(list(parts.values()), fields=fields, mask=moments.is_null())
