"""Write, audit, publish: a candidate becomes a snapshot only if its contract holds."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlglot import exp

from mesh_defs.contracts import schedules
from mesh_defs.contracts.audit import Audit, audit
from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.contracts.clauses.reading import audited_rules
from mesh_defs.contracts.levels.attempts import Attempt
from mesh_defs.contracts.verdicts import FAILED
from mesh_defs.model import DataProduct, DomainRoom, MeshError
from mesh_defs.ports import delta
from mesh_defs.publishing import provenance, quarantine, record, retention
from mesh_defs.publishing.promised import about
from mesh_defs.publishing.side_by_side import own_columns
from mesh_defs.storage.house import Published, Workshop
from mesh_defs.storage.state import State, read_json, write_json

Status = Literal["published", "unchanged", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What publishing a product came to. `snapshot` is what stands now, whatever happened.

    `audit` is of the candidate, or of what stands if that is unchanged.
    """

    product: str
    status: Status
    audit: Audit
    snapshot: Published | None
    lineage: provenance.Lineage
    seconds: float
    sample: str = ""

    @property
    def rows(self) -> int | None:
        return int(self.snapshot.metadata["rows"]) if self.snapshot else None

    @property
    def rows_quarantined(self) -> int:
        return int(self.snapshot.metadata.get("rows_quarantined", 0)) if self.snapshot else 0


def publish(
    workshop: Workshop,
    state: State,
    room: DomainRoom,
    product: DataProduct,
    code: str,
    run_id: str,
    force: bool = False,
    feeds: Collection[str] = (),
) -> Outcome:
    """Audit a product's candidate in its workshop and publish it if the contract holds.

    Rows that break a quarantine rule are held back first. `feeds` names the products that are made
    from this one's model: they would still contain such rows, so then the rule blocks.

    The caller holds the workshop's lock, so nobody changes the candidate between audit and
    publication. A candidate built from what is published already is left alone, unless forced.
    Raises MeshError when there is no candidate.
    """
    started = time.monotonic()
    candidates = own_columns(workshop, room, product, candidates_of(workshop, product))
    lineage = _lineage(workshop, product)
    mark = provenance.fingerprint(code, lineage)
    standing = delta.published(state, product)
    as_if = room.need().file.as_of
    attempt = record.begun(state, product, standing, lineage, run_id, as_if)
    unchanged = standing and not force and standing.metadata.get("fingerprint") == mark
    if unchanged and (known := _audit_of(state, product, mark)):
        return _unchanged(state, product, attempt, known, standing, lineage, started)
    references, as_of = references_of(workshop, room), as_if or datetime.now(UTC)
    last, now = (last_attempt(state, product) or {}).get("checks", {}), datetime.now(UTC)
    waiting = schedules.waiting(audited_rules(product.contract), last, now)
    whole = audit(
        workshop.connection,
        candidates,
        product.contract,
        references=references,
        as_of=as_of,
        waiting=waiting,
    )
    split = quarantine.split(
        workshop,
        state,
        product,
        candidates,
        whole,
        references=references,
        as_of=as_of,
        feeds=feeds,
        waiting=waiting,
    )
    audited = split.audit
    if unchanged:
        return _unchanged(state, product, attempt, audited, standing, lineage, started)
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    attempt = replace(
        attempt,
        at=datetime.fromisoformat(moment),
        rows=audited.rows,
        rules_failed=tuple(v.rule.id for v in audited.verdicts if v.outcome == FAILED),
        times=audited.times,
    )
    said: dict[str, Any] = {
        "product": str(product),
        "contract_version": product.contract.version,
        "run_id": run_id,
        "code": code,
        "inputs": dict(lineage),
        "fingerprint": mark,
        "published_at": moment,
        "rules_passed": audited.passed,
        "rules_failed": audited.failed,
        "rules_not_executable": audited.not_executable,
        "rows_quarantined": split.rows_held,
        **record.said(attempt),
    }
    # Before the commit: what goes wrong afterwards would be an error of what stands published.
    sample = sample_of(workshop, product, split.kept) if audited.holds else ""
    if audited.holds:
        if held := quarantine.hold(workshop, state, product, split, said):
            said["quarantine"] = held.version
        standing = delta.publish(workshop, state, product, split.kept, said, about(product))
        with suppress(OSError, MeshError):  # it is published; the next publication tries again
            retention.clean(state, product)
    outcome = Outcome(
        str(product),
        "published" if audited.holds else "failed",
        audited,
        standing,
        lineage,
        time.monotonic() - started,
        sample,
    )
    write_json(
        state.audit(product.ref),
        {
            **said,
            "status": outcome.status,
            "published_at": said["published_at"] if audited.holds else None,
            "audited_at": said["published_at"],
            "snapshot": standing.version if standing else None,
            "audit": audited.to_json(),
            "checks": schedules.checks(audited.verdicts, last, now),
        },
    )
    record.note(
        state,
        product,
        replace(
            attempt,
            status=outcome.status,
            snapshot=standing.version if standing else None,
            seconds=round(outcome.seconds, 3),
        ),
    )
    return outcome


def _unchanged(
    state: State,
    product: DataProduct,
    attempt: Attempt,
    audited: Audit,
    standing: Published | None,
    lineage: provenance.Lineage,
    started: float,
) -> Outcome:
    seconds = time.monotonic() - started
    record.note(state, product, replace(attempt, status="unchanged", seconds=round(seconds, 3)))
    return Outcome(str(product), "unchanged", audited, standing, lineage, seconds)


def sample_of(workshop: Workshop, product: DataProduct, rows: exp.Expression) -> str:
    """Five rows as a Markdown table; columns whose classification is not public are masked."""
    first = product.contract.objects[0]
    shown = columns_of(first)
    columns = [exp.column(column_of(p), quoted=True) for p in shown]
    query = exp.select(*columns).from_(rows.copy()).limit(5)
    masked = [bool(p.classification and p.classification.lower() != "public") for p in shown]
    lines = [
        "| " + " | ".join(column_of(p) for p in shown) + " |",
        "|" + " --- |" * len(shown),
    ]
    for row in workshop.rows(query):
        cells = ["•••" if hide else _cell(v) for v, hide in zip(row, masked, strict=True)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= 40 else text[:37] + "…"


def last_attempt(state: State, product: DataProduct) -> dict[str, Any] | None:
    """What the newest audit of a product came to, published or not; None before the first."""
    found: dict[str, Any] | None = read_json(state.audit(product.ref))
    return found


def _audit_of(state: State, product: DataProduct, fingerprint: str) -> Audit | None:
    """The audit of what stands published, unless there was another attempt since."""
    attempt = last_attempt(state, product)
    if not attempt or (attempt["fingerprint"], attempt["status"]) != (fingerprint, "published"):
        return None
    found = Audit.from_json(attempt["audit"])
    same = [v.rule.id for v in found.verdicts] == [r.id for r in audited_rules(product.contract)]
    return found if same else None  # an older platform may have read other rules in it


def candidates_of(workshop: Workshop, product: DataProduct) -> dict[str, exp.Table]:
    """The workshop's relation of each schema object. Raises MeshError for one that is missing."""
    there = workshop.models()
    found = {}
    contract = product.contract
    for i, schema_object in enumerate(contract.objects):
        name = contract.relation_of(schema_object)
        if name not in there:
            raise MeshError(
                contract.source.finding(
                    ("schema", i, "physicalName" if schema_object.physicalName else "name"),
                    f"no model `{name}` in the workshop of `{product.ref.domain}`",
                    f"Write dbt_projects/{product.ref.domain}/models/…/{name}.sql, or mend the "
                    "name.",
                )
            )
        found[schema_object.name or name] = workshop.table(name)
    return found


def references_of(workshop: Workshop, room: DomainRoom) -> dict[str, exp.Expression]:
    """What a rule may refer to: the domain's own candidates, and the inputs it has mounted."""
    own = {
        str(p.ref): workshop.table(p.contract.relation_of(p.contract.objects[0]))
        for p in room.products.values()
    }
    inputs = {str(ref): workshop.table(ref.product, ref.domain) for ref in room.need().inputs}
    return {**own, **inputs}


def _lineage(workshop: Workshop, product: DataProduct) -> dict[str, int]:
    known = workshop.builds()
    contract = product.contract
    return provenance.merged(
        known.get(contract.relation_of(schema_object), {}) for schema_object in contract.objects
    )
