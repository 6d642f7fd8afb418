"""The statements that the tools send, parsed with sqlglot's Snowflake dialect and made ready to run.

A few shapes only: transactions, SELECT of columns or COUNT(*) from one table or none, INSERT .. SELECT, DELETE,
UPDATE, CREATE and DROP TABLE.  Anything else is an UnknownShapeError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

from model.expressions import Context, Evaluator, Reader, Row, UnknownShapeError, unknown


@dataclass(frozen=True)
class Control:
    """BEGIN, COMMIT or ROLLBACK."""

    word: str


@dataclass(frozen=True)
class Definition:
    """CREATE TABLE IF NOT EXISTS or DROP TABLE IF EXISTS of a table that the model knows."""

    word: str
    table: str


@dataclass(frozen=True)
class Select:
    """``run`` gives the rows."""

    run: Callable[[Context], list[Row]]


@dataclass(frozen=True)
class Insert:
    """``run`` gives the new rows of ``table``."""

    table: str
    run: Callable[[Context], list[Row]]


@dataclass(frozen=True)
class Change:
    """DELETE or UPDATE: ``matches`` chooses rows, ``changed`` is the new row, None when it goes."""

    table: str
    matches: Evaluator
    changed: Callable[[Context, Row], Row] | None


Statement = Control | Definition | Select | Insert | Change
Schema = Mapping[str, tuple[str, ...]]


class Statements:
    """Reads statements over the tables of ``schema`` (full name to its columns) and remembers them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: dict[str, Statement] = {}

    def read(self, sql: str) -> Statement:
        statement = self._known.get(sql)
        if statement is None:
            statement = self._known[sql] = self._parse(sql)
        return statement

    def _parse(self, sql: str) -> Statement:
        trees = sqlglot.parse(_numbered(sql), read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
        if len(trees) != 1 or trees[0] is None:
            raise UnknownShapeError(sql)
        tree = trees[0]
        match tree:
            case exp.Transaction():
                return Control("BEGIN")
            case exp.Commit():
                return Control("COMMIT")
            case exp.Rollback():
                return Control("ROLLBACK")
            case exp.Select():
                return Select(self._select(tree))
            case exp.Insert():
                return self._insert(tree)
            case exp.Delete():
                return self._delete(tree)
            case exp.Update():
                return self._update(tree)
            case exp.Create() | exp.Drop():
                return self._definition(tree)
        raise unknown(tree)

    def _reader(self, table: str | None) -> Reader:
        return Reader(self._schema[table] if table else (), self._select)

    def _table(self, tree: exp.Expr) -> str:
        if not isinstance(tree, exp.Table):
            raise unknown(tree)
        name = ".".join(part.name for part in tree.parts)
        if name not in self._schema:
            raise UnknownShapeError(f"The model has no table {name}.")
        return name

    def _select(self, tree: exp.Select) -> Callable[[Context], list[Row]]:
        _only(tree, {"expressions", "from_", "where", "order", "kind"})
        table = self._table(tree.args["from_"].this) if tree.args.get("from_") else None
        reader = self._reader(table)
        matches = reader.condition(tree.args.get("where"))

        def rows(context: Context) -> list[Row]:
            return [row for row in (context.view(table) if table else [()]) if matches(context, row)]

        if [type(output) for output in tree.expressions] == [exp.Count]:
            if not isinstance(tree.expressions[0].this, exp.Star):
                raise unknown(tree)
            return lambda context: [(len(rows(context)),)]
        outputs = [reader.read(output) for output in tree.expressions]
        order = [reader.read(key.this) for key in tree.args["order"].expressions] if tree.args.get("order") else []

        def run(context: Context) -> list[Row]:
            found = rows(context)
            # Rows that compare equal come in an order of their own that does not depend on history.
            found.sort(key=lambda row: ([str(key(context, row)) for key in order], repr(row)))
            return [tuple(output(context, row) for output in outputs) for row in found]

        return run

    def _insert(self, tree: exp.Insert) -> Insert:
        _only(tree, {"this", "expression"})
        if not isinstance(tree.this, exp.Schema) or not isinstance(tree.expression, exp.Select):
            raise unknown(tree)
        table = self._table(tree.this.this)
        reader, width = self._reader(table), len(self._schema[table])
        places = [reader.position(column) for column in tree.this.expressions]
        source = self._select(tree.expression)

        def run(context: Context) -> list[Row]:
            return [_placed(values, places, width) for values in source(context)]

        return Insert(table, run)

    def _delete(self, tree: exp.Delete) -> Change:
        _only(tree, {"this", "where"})
        table = self._table(tree.this)
        return Change(table, self._reader(table).condition(tree.args.get("where")), None)

    def _update(self, tree: exp.Update) -> Change:
        _only(tree, {"this", "expressions", "where"})
        table = self._table(tree.this)
        reader = self._reader(table)
        settings = [(reader.position(setting.this), reader.read(setting.expression)) for setting in tree.expressions]

        def changed(context: Context, row: Row) -> Row:
            values = list(row)
            for position, value in settings:
                values[position] = value(context, row)
            return tuple(values)

        return Change(table, reader.condition(tree.args.get("where")), changed)

    def _definition(self, tree: exp.Create | exp.Drop) -> Definition:
        if tree.args.get("kind") != "TABLE" or not tree.args.get("exists"):
            raise unknown(tree)
        if isinstance(tree, exp.Drop):
            return Definition("DROP", self._table(tree.args["tables"][0]))
        return Definition("CREATE", self._table(tree.this.this if isinstance(tree.this, exp.Schema) else tree.this))


def _numbered(sql: str) -> str:
    """Number the places of binds in the order of the text, which the tree does not keep."""
    pieces, end = [], 0
    tokens = sqlglot.tokenize(sql, read="snowflake")
    places = [token for token in tokens if token.token_type is TokenType.PLACEHOLDER]
    for number, token in enumerate(places, 1):
        pieces.append(f"{sql[end : token.start]}:{number}")
        end = token.end + 1
    return "".join([*pieces, sql[end:]])


def _only(tree: exp.Expr, known: set[str]) -> None:
    """Every clause that is there has to be one that is read."""
    if strange := {name for name, value in tree.args.items() if value} - known:
        raise UnknownShapeError(f"{', '.join(sorted(strange))} in {tree.sql('snowflake')}")


def _placed(values: Row, places: list[int], width: int) -> Row:
    row: list[object] = [None] * width
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return tuple(row)


def columns_of(create_statement: str) -> tuple[str, tuple[str, ...]]:
    """The full name and the columns of a CREATE TABLE."""
    tree = sqlglot.parse_one(create_statement, read="snowflake")
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise unknown(tree)
    name = ".".join(part.name for part in tree.this.this.parts)
    return name, tuple(column.name for column in tree.this.expressions)
