"""Changes of quality rules: what they let through, and how strictly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mesh_defs.contracts.changes.acceptance import (
    Compared,
    compared,
    lower_bound,
    spans,
    upper_bound,
)
from mesh_defs.contracts.changes.change import Both, Change, Element, canonical, same
from mesh_defs.contracts.changes.pairing import by, own_id, paired
from mesh_defs.contracts.changes.softness import KNOWN, is_soft, softness
from mesh_defs.contracts.wording import OPERATORS

_ASKED = ("query", "engine", "implementation", "customProperties")
_WHEN = ("schedule", "scheduler")
_WORDS = (
    "id", "name", "description", "dimension", "businessImpact", "method", "tags",
    "authoritativeDefinitions",
)  # fmt: skip
_COMPARED = {"type", "metric", "rule", "unit", "arguments", "severity", *OPERATORS}
_CHECKED = ("library", "sql", "custom")
_NONE = (0.0, True, 0.0, True)  # no row at all is as few as no percent


def quality(holder: Both) -> Iterator[Change]:
    """Changes of the rules of an object or a column."""
    old, new = holder.value("quality")
    for was, now in paired(old, new, (own_id, by("name"), _question, _kind)):
        rule = holder.below(was, now, _name(was), _name(now), columns=_columns(holder, was))
        if now is None:
            yield rule.change(
                "quality.removed", old=brief(was), soft=is_soft(rule, _kind(rule.old))
            )
        elif was is None:
            yield rule.change("quality.added", new=brief(now))
        else:
            yield from _changed(rule)


def brief(rule: Element | None) -> str:
    """A rule in one line."""
    if not rule:
        return ""
    asked = rule.get("query") or rule.get("description") or ""
    subject = _kind(rule) if _type(rule) == "library" else rule.get("name") or asked
    said = " ".join(f"{name} {rule[name]}" for name in OPERATORS if rule.get(name) is not None)
    unit = "percent" if rule.get("unit") == "percent" else ""
    return " ".join(f"{subject} {said} {unit}".split())


def _changed(rule: Both) -> Iterator[Change]:
    soft = is_soft(rule, _kind(rule.old))
    checked = [_type(element) in _CHECKED for element in (rule.old, rule.new)]
    if checked == [True, False]:
        kind = "quality.silenced"
    elif checked == [False, True]:
        kind = "quality.tightened"
    elif _kind(rule.old) != _kind(rule.new):
        kind = "quality.changed"
    else:
        kind = _promise(rule)
    if kind:
        yield rule.change(kind, "", brief(rule.old), brief(rule.new), soft=soft)
    for field in _ASKED:
        if rule.differ(field):
            yield rule.field(_asked(rule, field), field)
    for field in _WHEN:
        if rule.differ(field):
            yield rule.field("quality.schedule", field)
    for field in sorted({*rule.old, *rule.new} - {*_ASKED, *_WHEN, *_COMPARED}):
        if rule.differ(field):
            yield rule.field("quality.words" if field in _WORDS else "other.changed", field)
    if _kind(rule.old) == _kind(rule.new):
        yield from softness(rule, _kind(rule.new))


def _promise(rule: Both) -> str:
    """The kind of change of what is counted and of the number it has to be; "" if there is none."""
    library = _type(rule.old) == "library"
    (operator, value), (other, now) = _operator(rule.old), _operator(rule.new)
    if not same(rule.old.get("arguments"), rule.new.get("arguments")):
        if same((operator, value, _unit(rule.old)), (other, now, _unit(rule.new))):
            return f"quality.{_arguments(rule, operator, value).value}"
        return "quality.changed"
    units = {_unit(rule.old), _unit(rule.new)}
    olds, news = spans(operator, value, library), spans(other, now, library)
    if olds is None or news is None:
        return "" if same((operator, value), (other, now)) else "quality.changed"
    if len(units) > 1 and not olds == news == (_NONE,):
        return "quality.changed"
    found = compared(olds, news)
    if found is not Compared.SAME:
        return f"quality.{found.value}"
    return "quality.words" if any(rule.differ(f) for f in _COMPARED - {"severity"}) else ""


def _arguments(rule: Both, operator: str, value: Any) -> Compared:
    """What other arguments do to a count, and the count to the promise."""
    accepted = spans(operator, value, counts=True)
    more = _counts_more(rule)
    if accepted is None or more is None:
        return Compared.OTHER
    if upper_bound(accepted):
        return Compared.TIGHTER if more else Compared.LOOSER
    if lower_bound(accepted):
        return Compared.LOOSER if more else Compared.TIGHTER
    return Compared.OTHER


def _counts_more(rule: Both) -> bool | None:
    """Whether the new arguments find more rows than the old; None if that cannot be told."""
    old, new = (element.get("arguments") or {} for element in (rule.old, rule.new))
    changed = {k for k in {*old, *new} if not same(old.get(k), new.get(k))}
    field, listed_counts = {
        "missingValues": ("missingValues", True),
        "invalidValues": ("validValues", False),
        "duplicateValues": ("properties", False),
    }.get(_kind(rule.new), ("", False))
    if changed != {field} or (field == "validValues" and not (old.get(field) and new.get(field))):
        return None
    was, now = ({canonical(v) for v in element.get(field) or ()} for element in (old, new))
    if was < now:
        return listed_counts
    return not listed_counts if now < was else None


def _asked(rule: Both, field: str) -> str:
    if field == "query" and _sql(rule.old.get("query")) == _sql(rule.new.get("query")):
        return "quality.words"
    if field == "customProperties":
        left = [_others(element) for element in (rule.old, rule.new)]
        return "quality.words" if same(*left) else "custom.changed"
    return "quality.rewritten"


def _others(rule: Element) -> list[Any]:
    """Custom properties but those that say how strict it is."""
    given = rule.get("customProperties") or ()
    return [i for i in given if i.get("property") not in KNOWN]


def _sql(query: Any) -> str:
    """A query without what does not matter: blanks, the case of keywords, comments."""
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError

    text = str(query or "").replace("{", '"{').replace("}", '}"')
    try:
        return str(parse_one(text, dialect="duckdb").sql("duckdb", comments=False))
    except (SqlglotError, RecursionError):
        return " ".join(text.split())


def _type(rule: Element) -> str:
    return str(rule.get("type") or ("library" if _metric(rule) else "text"))


def _metric(rule: Element) -> str:
    return str(rule.get("metric") or rule.get("rule") or "")


def _kind(rule: Element) -> str:
    return (_metric(rule) if _type(rule) == "library" else "") or _type(rule)


def _unit(rule: Element) -> str:
    return str(rule.get("unit") or "rows").lower()


def _operator(rule: Element) -> tuple[str, Any]:
    said = [(name, rule[name]) for name in OPERATORS if rule.get(name) is not None]
    return said[0] if said else ("", None)


def _question(rule: Element) -> str:
    """What is asked, whatever the answer has to be."""
    return canonical([_kind(rule), rule.get("query"), rule.get("arguments")])


def _name(rule: Element | None) -> str:
    return str((rule or {}).get("id") or (rule or {}).get("name") or _kind(rule or {}))


def _columns(holder: Both, rule: Element | None) -> tuple[str, ...]:
    named = ((rule or {}).get("arguments") or {}).get("properties")
    return holder.columns or (tuple(map(str, named)) if isinstance(named, list) else ())
