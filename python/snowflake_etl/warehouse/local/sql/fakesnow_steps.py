"""Skips those of fakesnow's translation steps that would change nothing (floor 3).
fakesnow walks the whole statement once for each of its 75 steps, which costs more than all other work on a small
statement.  A step can only change something if there is a node of the kinds it looks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import Expr, exp

# The version from which this list was made, including fakesnow_changes.py; a test compares it with the installed one.
FAKESNOW_VERSION = "0.12.1"

_LOOKS_FOR: dict[str, tuple[type[Expr], ...]] = {
    "identifier": (exp.Table,),
    "upper_case_unquoted_identifiers": (exp.Identifier,),
    "alter_session": (exp.Alter,),
    "update_variables": (exp.Set, exp.Alias),
    "current_version": (exp.CurrentVersion,),
    "set_schema": (exp.Use,),
    "create_database": (exp.Create,),
    "extract_comment_on_table": (exp.Create, exp.Comment, exp.Alter),
    "extract_comment_on_columns": (exp.Alter,),
    "information_schema_fs": (exp.Table,),
    "information_schema_databases": (exp.Table,),
    "drop_schema_cascade": (exp.Drop,),
    "tag": (exp.Alter, exp.Command, exp.Create, exp.Drop),
    "semi_structured_types": (exp.DataType,),
    "try_parse_json": (exp.Anonymous,),
    "split": (exp.Split,),
    "trim_cast_varchar": (exp.Trim,),
    "indices_to_json_extract": (exp.Bracket,),
    "json_extract_cast_as_varchar": (exp.JSONExtract,),
    "json_extract_cased_as_varchar": (exp.JSONExtract,),
    "json_extract_precedence": (exp.JSONExtract, exp.JSONExtractScalar),
    "flatten_value_cast_as_varchar": (exp.Explode,),
    "flatten": (exp.Explode,),
    "regex_replace": (exp.RegexpReplace,),
    "regex_substr": (exp.RegexpExtract,),
    "result_scan": (exp.TableFromRows,),
    "sequence_nextval": (exp.Column,),
    "values_columns": (exp.Values,),
    "to_date": (exp.Anonymous,),
    "timestamp_offsets": (exp.Cast,),
    "to_decimal": (exp.ToNumber,),
    "to_timestamp": (exp.UnixToTime, exp.Anonymous),
    "to_variant": (exp.ToVariant,),
    "object_construct": (exp.StarMap, exp.Struct, exp.JSONObject),
    "timestamp_ntz": (exp.DataType,),
    "float_to_double": (exp.DataType,),
    "integer_precision": (exp.DataType,),
    "extract_text_length": (exp.Create, exp.Alter),
    "sample": (exp.TableSample,),
    "array_size": (exp.ArraySize,),
    "random": (exp.Rand,),
    "array_agg_within_group": (exp.WithinGroup,),
    "array_agg": (exp.ArrayAgg,),
    "object_agg": (exp.ObjectAgg,),
    "array_construct_etc": (exp.ArrayConstructCompact, exp.Array, exp.ArrayConcat),
    "dateadd_date_cast": (exp.DateAdd,),
    "dateadd_string_literal_timestamp_cast": (exp.DateAdd,),
    "datediff_string_literal_timestamp_cast": (exp.DateDiff,),
    "show_databases": (exp.Show,),
    "show_functions": (exp.Show, exp.Command),
    "show_procedures": (exp.Show,),
    "show_parameters": (exp.Command,),
    "show_warehouses": (exp.Show,),
    "show_schemas": (exp.Show,),
    "show_tables_etc": (exp.Show,),
    "show_columns": (exp.Show,),
    "show_stages": (exp.Show,),
    "show_sequences": (exp.Show,),
    "show_keys": (exp.Show,),
    "show_users": (exp.Show,),
    "create_user": (exp.Command,),
    "haversine": (exp.Anonymous,),
    "hex_string": (exp.HexString,),
    "sha256": (exp.SHA2, exp.SHA2Digest, exp.Anonymous),
    "create_clone": (exp.Clone,),
    "alias_in_join": (exp.Join,),
    "alias_in_where": (exp.Anonymous,),
    "alter_table_strip_cluster_by": (exp.Alter, exp.Command),
    "numeric_agg_implicit_cast": (),
    "create_stage": (exp.Create,),
    "create_file_format": (exp.Create,),
    "list_stage": (exp.ListStage,),
    "put_stage": (exp.Put,),
    "create_table_as": (exp.Create,),
}

# Which steps look for nodes of a kind; filled as kinds are encountered.
_INTERESTED: dict[type[Expr], frozenset[str]] = {}


class Steps:
    """Stands for a statement in fakesnow's chain of ``transform`` calls, and only runs those that can matter."""

    def __init__(self, statement: Expr) -> None:
        self.statement = statement
        self._wanted = _wanted(statement)

    def transform(self, step: Callable[..., Expr], *arguments: object, copy: bool = True, **named: object) -> Steps:
        """Run one step; one that is not in the list is always run."""
        name = step_name(step)
        if name not in _LOOKS_FOR or name in self._wanted:
            self.statement = self.statement.transform(step, *arguments, copy=copy, **named)
            self._wanted = _wanted(self.statement)
        return self


def step_name(step: Callable[..., Expr]) -> str:
    """The name of fakesnow's function, even if called by ``lambda e: transforms.show_schemas(e, ...)``."""
    called = step.__code__.co_names
    return called[1] if step.__name__ == "<lambda>" and called[:1] == ("transforms",) else step.__name__


def _wanted(statement: Expr) -> set[str]:
    kinds: set[type[Expr]] = set()
    waiting: list[Any] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Expr):
            kinds.add(type(node))
            waiting.extend(node.args.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return set().union(*(_interested(kind) for kind in kinds))


def _interested(kind: type[Expr]) -> frozenset[str]:
    if kind not in _INTERESTED:
        _INTERESTED[kind] = frozenset(name for name, kinds in _LOOKS_FOR.items() if issubclass(kind, kinds))
    return _INTERESTED[kind]
