"""Quarantine: rows that break a rule leave the candidate, within a budget, and are kept.

After each publication, rows of the candidate = rows published + rows in quarantine. The quarantine
is a Delta table beside the product; which of its snapshots goes with a snapshot of the product is
said in the product's own commit, so that one commit publishes both. Reading what is held, and
giving rows up, is in `held`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.audit import Audit, Verdict, audit
from mesh_defs.contracts.scan.broken_rows import conditions
from mesh_defs.contracts.wording import listing, tolerated
from mesh_defs.contracts.wording import rows as some_rows
from mesh_defs.model import DataProduct
from mesh_defs.publishing.held import INPUTS, ROW, RULES, RUN, SINCE, discarded
from mesh_defs.storage.house import Published, Workshop
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State

# Taking rows out can break another rule, whose rows then go too: a row that referred to them.
_ROUNDS = 10


@dataclass(frozen=True)
class Split:
    """A candidate without the rows that went to quarantine; `audit` is of what is left."""

    kept: exp.Expression
    audit: Audit
    held: exp.Expression | None = None
    rows_held: int = 0


def split(
    workshop: Workshop,
    state: State,
    product: DataProduct,
    candidates: Mapping[str, exp.Expression],
    first: Audit,
    *,
    references: Mapping[str, exp.Expression],
    as_of: datetime,
    feeds: Collection[str] = (),
    waiting: Mapping[str, str] | None = None,
) -> Split:
    """Take the rows that break quarantine rules out of a candidate whose audit is `first`.

    If the contract does not hold all the same, or more rows would go than the budget allows, the
    split's audit does not hold and nothing is held. The result lives as long as the workshop is
    open.
    """
    schema_object = product.contract.objects[0]
    name = schema_object.name or product.ref.product
    kept = whole = candidates[name]
    parts: list[exp.Expression] = []
    current, judged = first, list[Verdict]()
    for _ in range(_ROUNDS):
        todo = [v for v in current.blocking if _quarantines(v, schema_object.name)]
        if not todo or len(todo) < len(current.blocking):
            break
        if feeds:
            why = f"{listing(feeds)} would still contain these rows, so none goes to quarantine"
            return Split(whole, _explained(first, todo, why))
        judged += todo
        broken = conditions(
            workshop.connection,
            {**candidates, name: kept},
            schema_object,
            [v.rule for v in todo],
            references=references,
            as_of=as_of,
        )
        if len(broken) < len(todo):
            break
        bad, kept = _apart(workshop, kept, broken)
        parts.append(bad)
        current = audit(
            workshop.connection,
            {**candidates, name: kept},
            product.contract,
            references=references,
            as_of=as_of,
            waiting=waiting,
        )
    if not parts:
        return Split(whole, first)
    held = _together(workshop, parts)
    by_rule, rows = _counts(workshop, held, discarded(state, product))
    if not current.holds:
        why = f"once {some_rows(rows['open'] + rows['discarded'])} went to quarantine"
        return Split(whole, _explained(current, current.blocking, why))
    budget = judged[0].rule.params["quarantine"]
    if _exceeds(budget, rows["open"], rows["open"] + rows["discarded"] + _rows(workshop, kept)):
        would = f"{some_rows(rows['open'])} would go to quarantine"
        why = f"{would}, whose budget is {tolerated(budget)}"
        return Split(whole, _explained(first, judged, why))
    return Split(kept, _merged(current, first, by_rule), held, rows["open"] + rows["discarded"])


def hold(
    workshop: Workshop,
    state: State,
    product: DataProduct,
    found: Split,
    said: Mapping[str, Any],
) -> Published | None:
    """Keep the rows of a split. Nobody sees them before the product's commit names the snapshot."""
    if found.held is None:
        return None
    stamp = (
        exp.alias_(exp.convert(said["run_id"]), RUN, quoted=True),
        exp.alias_(exp.convert(json.dumps(said["inputs"])), INPUTS, quoted=True),
        exp.alias_(exp.convert(said["published_at"]), SINCE, quoted=True),
    )
    own = exp.Star(**{"except_": [exp.column(ROW, quoted=True), exp.column(RULES, quoted=True)]})
    columns = (exp.column(ROW, quoted=True), exp.column(RULES, quoted=True), *stamp, own)
    rows = exp.select(*columns).from_(found.held).subquery("held")
    series = house_of(state).quarantine(product.line, product.contract.major)
    return series.publish(workshop, rows, {"run_id": said["run_id"]})


def _quarantines(verdict: Verdict, schema_object: str | None) -> bool:
    return verdict.rule.object == schema_object and "quarantine" in verdict.rule.params


def _apart(
    workshop: Workshop, relation: exp.Expression, broken: Mapping[str, exp.Expression]
) -> tuple[exp.Expression, exp.Expression]:
    """(a table of the rows that break a rule, a view of the others); no row is in both."""
    alias = exp.to_identifier("candidate", quoted=True)
    rules = exp.Array(
        expressions=[
            exp.Case().when(condition.copy(), exp.convert(id_)) for id_, condition in broken.items()
        ]
    )
    any_broken = exp.func("coalesce", exp.or_(*(c.copy() for c in broken.values())), exp.false())
    text = exp.cast(exp.func("to_json", exp.column(alias)), "varchar")
    columns = (
        exp.alias_(exp.func("md5", text), ROW, quoted=True),
        exp.alias_(
            exp.func("list_filter", rules, exp.Lambda(this=_is_there(), expressions=[_X])),
            RULES,
            quoted=True,
        ),
        exp.Star(),
    )
    source = exp.alias_(relation.copy(), alias, table=True)
    rows = exp.select(*columns).from_(source).where(any_broken.copy())
    others = exp.select("*").from_(relation.copy()).where(exp.not_(any_broken.copy()))
    return workshop.keep(rows), workshop.view(others)


_X = exp.to_identifier("x")


def _is_there() -> exp.Expression:
    return exp.not_(exp.column(_X).is_(exp.null()))


def _together(workshop: Workshop, parts: Sequence[exp.Expression]) -> exp.Expression:
    if len(parts) == 1:
        return parts[0]
    whole = exp.union(*(exp.select("*").from_(p) for p in parts), distinct=False)
    return workshop.view(whole)


def _counts(
    workshop: Workshop, held: exp.Expression, gone: Mapping[str, Any]
) -> tuple[dict[str, int], dict[str, int]]:
    """(rows by rule, rows open and rows given up)."""
    items = exp.Anonymous(this="unnest", expressions=[exp.column(RULES, quoted=True)])
    each = exp.select(exp.alias_(items, "rule", quoted=True)).from_(held.copy())
    counted = exp.select(exp.column("rule", quoted=True), exp.Count(this=exp.Star()))
    by_rule = workshop.rows(counted.from_(each.subquery("each_rule")).group_by("1"))
    known = exp.select(exp.column(ROW, quoted=True)).from_(held.copy())
    rows = [row for (row,) in workshop.rows(known)] if gone else []
    given_up = sum(row in gone for row in rows)
    return dict(by_rule), {"open": _rows(workshop, held) - given_up, "discarded": given_up}


def _rows(workshop: Workshop, relation: exp.Expression) -> int:
    query = exp.select(exp.Count(this=exp.Star())).from_(relation.copy())
    return int(workshop.rows(query)[0][0])


def _exceeds(budget: Mapping[str, Any], held: int, of: int) -> bool:
    share = 100 * held / of if of else 0.0
    return bool((share if budget["unit"] == "percent" else held) > budget["value"])


def _explained(audited: Audit, judged: Sequence[Verdict], why: str) -> Audit:
    """The audit, which says beside each of these rules why its rows did not go."""
    ids = {v.rule.id for v in judged}
    verdicts = tuple(
        replace(v, found=f"{v.found}; {why}") if v.rule.id in ids and v.blocking else v
        for v in audited.verdicts
    )
    return replace(audited, verdicts=verdicts)


def _merged(audited: Audit, other: Audit, by_rule: Mapping[str, int]) -> Audit:
    """An audit in which each rule that sent rows away still says what was found before."""
    before = {v.rule.id: v for v in other.verdicts}
    verdicts = tuple(
        replace(
            v,
            found=f"{before[v.rule.id].found}; in quarantine",
            examples=before[v.rule.id].examples,
            quarantined=by_rule[v.rule.id],
        )
        if v.rule.id in by_rule
        else v
        for v in audited.verdicts
    )
    return replace(audited, verdicts=verdicts, seconds=round(audited.seconds + other.seconds, 3))
