"""Checks of a contract's rules on ports: that the port is there, and what is asked of it.

Whether such a rule can be understood at all is checked with the other rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mesh_defs.contracts.clauses.on_ports import MODEL
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.port_rules import query_over
from mesh_defs.contracts.rules import PORT_ENGINES, PORT_KIND, Rule
from mesh_defs.governance.checks.contracts import places_of_rules
from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import Sight
from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.report import Report, Section, read_report
from mesh_defs.model.training import read_training
from mesh_defs.ports.kinds import ports_of

Said = tuple[str, str, str]
"""A field of `implementation`, what is wrong with it, and what to do."""


def ruled(sight: Sight) -> Iterator[Finding]:
    """A rule on a port that is not there, or on what that does not show."""
    for product in sight.products.values():
        contract = product.contract
        rules = rules_of(contract)
        if not any(rule.kind == PORT_KIND for rule in rules):
            continue
        for rule, path in zip(rules, places_of_rules(contract), strict=True):
            if rule.kind == PORT_KIND and not rule.unusable:
                for field, problem, todo in _wrong(product, rule):
                    place = (*path, "implementation", *field.split(".", 1))
                    yield contract.source.finding(place, problem, todo)


def _wrong(product: DataProduct, rule: Rule) -> Iterator[Said]:
    engine, port = rule.params["engine"], rule.params["port"]
    kind = PORT_ENGINES[engine]
    there = [p.name for p in ports_of(product) if p.kind == kind]
    if port not in there:
        todo = f"It has {listed(there)}." if there else "Declare it in the descriptor."
        yield "port", f"`{product}` has no port `{port}` of the type `{kind}`", todo
    elif engine == MODEL:
        yield from _of_a_model(product, rule)
    else:
        try:
            report = read_report(product, port).report
        except MeshError:
            return  # a finding of its own
        yield from _of_a_document(product, report, rule)


def _of_a_model(product: DataProduct, rule: Rule) -> Iterator[Said]:
    from mesh_defs.ports.models.measures import METRICS

    port, metric = rule.params["port"], rule.params.get("metric")
    try:
        known = list(METRICS[read_training(product, port).training.task])
    except MeshError:
        return
    if metric and metric not in known:
        yield "metric", f"the model of `{port}` has no `{metric}`", f"It has {listed(known)}."


def _of_a_document(product: DataProduct, report: Report, rule: Rule) -> Iterator[Said]:
    from mesh_defs.ports.documents.queries import Wrong

    params = rule.params
    if "filter" in params:
        if params["filter"] not in report.filters:
            yield "filter", f"there is no filter `{params['filter']}`", _has(report.filters)
    else:
        section = next((s for s in report.sections if s.title == params["section"]), None)
        if section is None:
            titles = [s.title for s in report.sections]
            yield "section", f"there is no section `{params['section']}`", _has(titles)
        else:
            yield from _columns(product, section, rule)
    if "query" in params:
        from mesh_defs.ports.documents.figures import classified

        try:
            given = _given(product, query_over(rule, product.line.product))
        except Wrong as wrong:
            known = listed(classified(product.contract))
            yield "query", f"this query {wrong}", f"The product has {known}."
            return
        if len(given) != 1:
            yield "query", f"this query gives {len(given)} columns", "Ask for one."


def _columns(product: DataProduct, section: Section, rule: Rule) -> Iterator[Said]:
    from mesh_defs.ports.documents.queries import Wrong

    try:
        known = _given(product, section.query)
    except Wrong:
        return  # a finding of the report
    asked = {"figure": rule.params.get("figure")}
    asked |= {f"where.{column}": column for column in rule.params.get("where", ())}
    for field, column in asked.items():
        if column is not None and column not in known:
            yield field, f"`{section.title}` shows no `{column}`", _has(known)


def _given(product: DataProduct, query: str) -> list[str]:
    """The columns of what a query over a product gives. Raises Wrong."""
    from mesh_defs.ports.documents.figures import classified
    from mesh_defs.ports.documents.queries import shown_columns

    return shown_columns(query, product.line.product, classified(product.contract))


def _has(names: Sequence[str]) -> str:
    return f"It has {listed(names)}." if names else "It has none."
