"""Quality clauses that Great Expectations checks: `type: custom` with `engine: greatExpectations`.

Great Expectations 1.x runs on pandas, in this process, with just the columns that an expectation
names; its SQL engine does not work on DuckDB. It is imported when a contract asks for it, is told
not to call home, and is optional: without it such a rule is not executable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.bench import Bench, Judgement, Plan, counted, kind, number_or_none
from mesh_defs.contracts.scan.spots import CannotCheck, spots_of
from mesh_defs.contracts.wording import listing, number, rows

HOW_TO_INSTALL = "Great Expectations is not installed: `pip install 'mesh-defs[gx]'`"
# Arguments of an expectation that name columns, and texts in which columns are named.
_COLUMNS = ("column", "column_A", "column_B", "column_list", "column_set")
_CONDITION = "row_condition"
_SHOWN = 20


@kind("custom")
def _custom(rule: Rule, bench: Bench) -> Plan:
    def judge(_: Sequence[Any]) -> Judgement:
        tool = _GreatExpectations()
        judged = [_judged(rule, bench, tool, wanted) for wanted in rule.params["expectations"]]
        return next((j for j in judged if not j.ok), judged[0])

    return Plan(judge)


def _judged(
    rule: Rule, bench: Bench, tool: _GreatExpectations, wanted: Mapping[str, Any]
) -> Judgement:
    name = wanted["type"]
    try:
        fields = tool.fields(name)
    except LookupError:
        raise CannotCheck(f"Great Expectations knows no `{name}`") from None
    kwargs = dict(wanted["kwargs"])
    own, relation = _own_column(rule, bench)
    if own and "column" in fields and not kwargs.get("column"):
        kwargs["column"] = own
    kwargs = {k: _physical(v, rule) if k in _COLUMNS else v for k, v in kwargs.items()}
    frame = _frame(bench, relation, own, name, kwargs, fields)
    result = tool.validate(name, kwargs, frame)
    return _judgement(rule, bench, kwargs, result)


def _own_column(rule: Rule, bench: Bench) -> tuple[str | None, exp.Expression]:
    """The rule's own place as a column of a relation."""
    if not rule.property:
        return None, bench.relation
    (at,) = spots_of(rule, bench.columns)
    column = at.column
    if at.loops:
        return column.name, at.flat(bench.relation)
    if column.value is None:
        return column.name, bench.relation
    inner = exp.alias_(column.sql, column.name, quoted=True)
    return column.name, exp.select(exp.Star(), inner).from_(bench.relation.copy()).subquery("inner")


def _physical(value: Any, rule: Rule) -> Any:
    names = rule.params["names"]
    return [names.get(v, v) for v in value] if isinstance(value, list) else names.get(value, value)


def _frame(
    bench: Bench,
    relation: exp.Expression,
    own: str | None,
    name: str,
    kwargs: Mapping[str, Any],
    fields: Sequence[str],
) -> Any:
    """The rows as pandas: the columns that are named, or no more than is looked at."""
    import pandas as pd

    known = [*bench.columns, *([own] if own and own not in bench.columns else [])]
    if name.startswith("expect_table_row_count"):
        return pd.DataFrame(index=pd.RangeIndex(bench.rows))
    given = [kwargs[k] for k in _COLUMNS if kwargs.get(k)]
    asked = {c for value in given for c in (value if isinstance(value, list) else [value])}
    condition = str(kwargs.get(_CONDITION) or "")
    asked |= {c for c in known if re.search(rf"\b{re.escape(c)}\b", condition)}
    shape_only = name.startswith("expect_table_column") or name == "expect_column_to_exist"
    by_column = asked and not shape_only and {*_COLUMNS} & {*fields}
    # A column that is not there is for the expectation to say.
    wanted = ([c for c in known if c in asked] if by_column else None) or known
    query = exp.select(*(exp.column(c, quoted=True) for c in wanted)).from_(relation.copy())
    return bench.engine.frame(query.limit(0) if shape_only else query)


def _judgement(
    rule: Rule, bench: Bench, kwargs: Mapping[str, Any], result: Mapping[str, Any]
) -> Judgement:
    measured = result.get("result") or {}
    hidden = {*rule.params["withheld"]} & {c for k in _COLUMNS for c in _names(kwargs.get(k))}
    unexpected = measured.get("unexpected_count")
    if unexpected is not None:
        total = int(measured.get("element_count") or bench.rows)
        failing = int(unexpected)
        judged = counted(rule, bench, failing, "is unexpected", "are unexpected", values=total)
        ok = bool(result["success"]) or ("tolerance" in rule.params and judged.ok)
        examples = _examples(kwargs, measured, bench.examples)
        return replace(judged, ok=ok, examples=examples)
    observed = measured.get("observed_value")
    if hidden:
        said = f"(withheld: {listing(sorted(hidden))})"
    else:
        said = "nothing" if observed is None else _said(observed)
    found = f"observed {said}, of {rows(bench.rows)}"
    plotted = None if hidden else number_or_none(observed)
    return Judgement(bool(result["success"]), None, found, measured=plotted)


def _names(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return listing(map(_said, value), _SHOWN)
    return number(value) if isinstance(value, int | float) else str(value)


def _examples(
    kwargs: Mapping[str, Any], measured: Mapping[str, Any], most: int
) -> tuple[dict[str, Any], ...]:
    named = [c for k in _COLUMNS for c in _names(kwargs.get(k)) if c]
    found = []
    for value in (measured.get("partial_unexpected_list") or [])[:most]:
        if isinstance(value, dict):
            found.append({str(k): v for k, v in value.items()})
        else:
            values = list(value) if len(named) > 1 and isinstance(value, list | tuple) else [value]
            found.append(dict(zip(named, values, strict=False)))
    return tuple(found)


class _GreatExpectations:
    """Great Expectations itself, with a context that is kept nowhere."""

    def __init__(self) -> None:
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        try:
            import great_expectations as gx
        except ImportError:
            raise CannotCheck(HOW_TO_INSTALL) from None
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("mesh").add_dataframe_asset("table")
        self._batch = source.add_batch_definition_whole_dataframe("whole")

    def fields(self, name: str) -> list[str]:
        """The arguments that an expectation takes. Raises LookupError for one that is not there."""
        from great_expectations.exceptions import ExpectationNotFoundError
        from great_expectations.expectations.registry import get_expectation_impl

        try:
            return [*get_expectation_impl(name).__fields__]
        except ExpectationNotFoundError:
            raise LookupError(name) from None

    def validate(self, name: str, kwargs: Mapping[str, Any], frame: Any) -> dict[str, Any]:
        """What an expectation comes to. Raises CannotCheck where it could not be looked at."""
        from great_expectations.expectations.expectation_configuration import (
            ExpectationConfiguration,
        )

        try:
            wanted = ExpectationConfiguration(type=name, kwargs=dict(kwargs)).to_domain_obj()
            batch = self._batch.get_batch(batch_parameters={"dataframe": frame})
            found: dict[str, Any] = batch.validate(wanted).to_json_dict()
        except Exception as error:  # whatever an expectation raises is about that expectation
            raise CannotCheck(f"Great Expectations: {_first_line(error)}") from error
        if said := _raised(found.get("exception_info") or {}):
            raise CannotCheck(f"Great Expectations: {said}")
        return found


def _raised(info: Mapping[str, Any]) -> str | None:
    """What went wrong inside an expectation; it says so once, or for each metric."""
    each = [info, *(v for v in info.values() if isinstance(v, dict))]
    return next((str(e.get("exception_message")) for e in each if e.get("raised_exception")), None)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3]) or type(error).__name__
