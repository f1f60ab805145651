"""The audit's expressions in GoogleSQL: what sqlglot does not carry over from DuckDB by itself.

Kinds of rules are written once, with DuckDB's functions for lists and texts. Nothing is asked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from sqlglot import exp

_T = exp.DataType.Type
INT64 = range(-(2**63), 2**63)
NUMERIC = (29, 9)  # digits before and after the point
_STARS = re.compile(r"%-([mdHIMS])")


class NoSuchWord(Exception):
    """What GoogleSQL has no words for."""


def in_googlesql(query: exp.Expression) -> tuple[str, dict[str, str]]:
    """The query as text for BigQuery, and which columns are called otherwise in the answer.

    Raises NoSuchWord for what cannot be said there.
    """
    root = exp.Paren(this=query.copy())
    renamed: dict[str, str] = {}
    # Innermost first: what a node becomes is made of what its parts have become.
    for node in reversed(list(root.walk(bfs=False))):
        if isinstance(node, exp.Identifier):
            _rename(node, renamed)
        elif (say := _WORDS.get(type(node))) and (said := say(node)) is not node:
            node.replace(said)
    return str(root.this.sql("bigquery")), renamed


def with_lists(query: exp.Expression, lists: Collection[str]) -> exp.Expression:
    """A query in DuckDB's words whose words for lists are GoogleSQL's; `lists` are the columns that
    are some. `len` is of texts as well: its argument tells."""
    root = exp.Paren(this=query.copy())
    for node in reversed(list(root.walk(bfs=False))):
        if isinstance(node, exp.ArrayDistinct):
            each = _each(exp.to_identifier("item"), node.this)
            node.replace(_array(each.where(exp.not_(_item().is_(exp.null()))).distinct()))
        elif isinstance(node, exp.Length) and (
            isinstance(node.this, exp.Array)
            or (isinstance(node.this, exp.Column) and node.this.name in lists)
        ):
            node.replace(exp.ArraySize(this=node.this.copy()))
    return root.this


def _rename(name: exp.Identifier, renamed: dict[str, str]) -> None:
    """A value inside of a column is called by its path, and no name of BigQuery has a dot."""
    if "." in name.name and not isinstance(name.parent, exp.Table):
        said = name.name.replace(".", ":")
        renamed[said] = name.name
        name.set("this", said)


def _literal(node: exp.Expression) -> exp.Expression:
    """A number that an INT64 does not hold, or that a FLOAT64 would round, is exact as well."""
    if node.is_string or isinstance(node.parent, exp.DataTypeParam):
        return node
    text = node.name
    if "e" in text.lower() or (text.isdigit() and int(text) in INT64):
        return node
    whole, _, part = text.lstrip("-").partition(".")
    fits = len(whole) <= NUMERIC[0] and len(part) <= NUMERIC[1]
    return exp.cast(exp.Literal.string(text), _T.DECIMAL if fits else _T.BIGDECIMAL)


def _micros(node: exp.Expression) -> exp.Expression:
    return exp.UnixMicros(this=exp.cast(node.this, _T.TIMESTAMPTZ))


def _text(node: exp.Expression) -> exp.Expression:
    """A list as text. What is no list is cast as it is."""
    if node.to.this == _T.TEXT and isinstance(node.this, exp.Array | exp.Transform):
        return _call("TO_JSON_STRING", node.this)
    return node


def _filter(node: exp.Expression) -> exp.Expression:
    function = node.expression
    return _array(_each(function.expressions[0], node.this).where(function.this))


def _transform(node: exp.Expression) -> exp.Expression:
    function = node.expression
    return _array(_each(function.expressions[0], node.this, function.this))


def _select(node: exp.Expression) -> exp.Expression:
    """`SELECT unnest(list) AS item FROM t` joins the list's items to their row."""
    (one, *others) = node.expressions or [None]
    inner = one.this if isinstance(one, exp.Alias) else None
    if others or not isinstance(inner, exp.Anonymous) or inner.name.lower() != "unnest":
        return node
    name = exp.to_identifier(one.alias, quoted=True)
    node.set("expressions", [exp.Column(this=name)])
    return node.join(_items(inner.expressions[0], name), join_type="cross", copy=False)


def _function(node: exp.Expression) -> exp.Expression:
    say = _FUNCTIONS.get(node.name.lower())
    return say(*node.expressions) if say else node


def _count(items: exp.Expression) -> exp.Expression:
    return _one(items, exp.Count(this=_item()))


def _sum(items: exp.Expression) -> exp.Expression:
    return _one(items, exp.Sum(this=_item()))


def _distinct(items: exp.Expression) -> exp.Expression:
    each = _each(exp.to_identifier("item"), items, _call("TO_JSON_STRING", _item()))
    return _array(each.where(exp.not_(_item().is_(exp.null()))).distinct())


def _contains(items: exp.Expression, value: exp.Expression) -> exp.Expression:
    return exp.In(this=value, unnest=exp.Unnest(expressions=[items]))


def _json_length(value: exp.Expression) -> exp.Expression:
    """No list has no items, and nothing has no length."""
    length = exp.ArraySize(this=_call("JSON_QUERY_ARRAY", value))
    there = exp.not_(value.copy().is_(exp.null()))
    return exp.Case(ifs=[exp.If(this=there, true=exp.func("COALESCE", length, exp.convert(0)))])


def _moment(text: exp.Expression, form: exp.Expression) -> exp.Expression:
    """The moment that a text tells in strptime's words, or null."""
    said = _STARS.sub(r"%\1", form.name).replace("%S.%f", "%E*S").replace("%z", "%Ez")
    if "%f" in said or "%n" in said:
        raise NoSuchWord(f"BigQuery does not read fractions of a second as in `{form.name}`")
    zoned = "%Ez" in said or "%Z" in said
    parse = "SAFE.PARSE_TIMESTAMP" if zoned else "SAFE.PARSE_DATETIME"
    return _call(parse, exp.Literal.string(said), text)


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[a.copy() for a in arguments])


def _item() -> exp.Expression:
    return exp.column("item")


def _items(items: exp.Expression, name: exp.Expression) -> exp.Expression:
    alias = exp.TableAlias(columns=[name.copy()])  # in GoogleSQL the name is the item's
    return exp.Unnest(expressions=[items.copy()], alias=alias)


def _each(
    name: exp.Expression, items: exp.Expression, value: exp.Expression | None = None
) -> exp.Select:
    value = value.copy() if value is not None else exp.Column(this=name.copy())
    return exp.select(value).from_(_items(items, name))


def _one(items: exp.Expression, value: exp.Expression) -> exp.Expression:
    return _each(exp.to_identifier("item"), items, value).subquery()


def _array(query: exp.Select) -> exp.Expression:
    return exp.Array(expressions=[query])


_WORDS: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.Literal: _literal,
    exp.UnixMicros: _micros,
    exp.Cast: _text,
    exp.ArrayFilter: _filter,
    exp.Transform: _transform,
    exp.Select: _select,
    exp.Anonymous: _function,
}
_FUNCTIONS: dict[str, Callable[..., exp.Expression]] = {
    "len": lambda items: exp.ArraySize(this=items.copy()),
    "list_count": _count,
    "list_sum": _sum,
    "list_distinct": _distinct,
    "list_contains": _contains,
    "json_array_length": _json_length,
    "json_keys": lambda value: _call("JSON_KEYS", value, exp.convert(1)),
    "try_strptime": _moment,
}
