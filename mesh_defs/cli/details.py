"""Everything that is known of a product, as plain data; how it looks is in `page`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesh_defs.model import DataProduct, Mesh
    from mesh_defs.storage.state import State


def summary(mesh: Mesh, state: State, product: DataProduct) -> dict[str, Any]:
    """One line of `mesh list`. The numbers are of what stands published, whatever came after."""
    from mesh_defs.contracts.levels.freshness import end_of_life
    from mesh_defs.ports import delta
    from mesh_defs.publishing.publish import last_attempt

    standing = delta.published(state, product)
    said = standing.metadata if standing else {}
    attempt = last_attempt(state, product) or {}
    end = end_of_life(product.contract)
    return {
        "product": str(product),
        "domain": product.ref.domain,
        "version": product.contract.version,
        "status": product.status,
        "ends": end.isoformat() if end else None,
        "snapshot": standing.version if standing else None,
        "rows": said.get("rows"),
        "rows_quarantined": said.get("rows_quarantined"),
        "rules_passed": said.get("rules_passed"),
        "rules_failed": said.get("rules_failed"),
        "rules_not_executable": said.get("rules_not_executable"),
        "published_at": said.get("published_at"),
        "last_attempt": attempt.get("status"),
        "consumers": mesh.consumers(product.ref),
    }


def details(mesh: Mesh, state: State, product: DataProduct) -> dict[str, Any]:
    """Everything `mesh show` says, as plain data."""
    from mesh_defs.contracts import rules_of
    from mesh_defs.contracts.clauses.properties import column_of, columns_of
    from mesh_defs.publishing.delivery import port_states
    from mesh_defs.publishing.publish import last_attempt
    from mesh_defs.publishing.record import levels

    odcs, descriptor = product.contract.odcs, product.descriptor
    history = _history(state, product)
    about, first = odcs.description, product.contract.objects[0]
    return {
        **summary(mesh, state, product),
        "title": odcs.name or product.ref.product,
        "other_versions": _other_versions(mesh, state, product),
        "purpose": descriptor.description.purpose or (about.purpose if about else None),
        "usage": descriptor.description.usage or (about.usage if about else None),
        "limitations": descriptor.description.limitations or (about.limitations if about else None),
        "owner": _owner(mesh, product),
        "support": [_plain(s) for s in odcs.support or []],
        "price": _plain(odcs.price) if odcs.price else None,
        "roles": [_plain(r) for r in odcs.roles or []],
        "notice_period": product.contract.custom("noticePeriod"),
        "contract": {
            "id": product.contract.id,
            "file": product.contract.source.shown,
            "columns": [
                {
                    "name": column_of(p),
                    "type": p.physicalType or p.logicalType,
                    "required": bool(p.required),
                    "key": bool(p.primaryKey),
                    "classification": p.classification,
                    "description": p.description,
                }
                for p in columns_of(first)
            ],
            "rules": [
                {"rule": r.id, "promised": r.promised, "severity": r.severity}
                for r in rules_of(product.contract)
            ],
            "service_levels": [_plain(s) for s in odcs.slaProperties or []],
        },
        "service_levels": [level.to_json() for level in levels(state, product, datetime.now(UTC))],
        "input_ports": [_plain(p) for p in descriptor.inputPorts],
        "ports": [port.to_json() for port in port_states(state, product)],
        "lineage": {k: history[0][k] for k in ("inputs", "code", "run_id")} if history else None,
        "history": history,
        "audit": _audit(last_attempt(state, product)),
    }


def _other_versions(mesh: Mesh, state: State, product: DataProduct) -> list[dict[str, Any]]:
    """What is published beside this version of the product."""
    others = [p for p in mesh.products.values() if p.line == product.line and p.ref != product.ref]
    said = (summary(mesh, state, other) for other in others)
    return [{k: s[k] for k in ("product", "version", "status", "ends", "consumers")} for s in said]


def _owner(mesh: Mesh, product: DataProduct) -> dict[str, Any]:
    team = mesh.domains[product.ref.domain].file.team
    owner = next((m for m in team.members if m.role == "owner"), None)
    return {
        "team": team.name,
        "email": team.email,
        "owner": owner.name if owner else None,
    }


def _history(state: State, product: DataProduct) -> list[dict[str, Any]]:
    from mesh_defs.ports import delta

    return [
        {
            "snapshot": version,
            "contract_version": said.get("contract_version"),
            "rows": said.get("rows"),
            "rows_quarantined": said.get("rows_quarantined"),
            "rules_passed": said.get("rules_passed"),
            "rules_failed": said.get("rules_failed"),
            "rules_not_executable": said.get("rules_not_executable"),
            "published_at": said.get("published_at"),
            "run_id": said.get("run_id"),
            "code": said.get("code"),
            "inputs": said.get("inputs", {}),
        }
        for version, said in delta.series(state, product).history()
    ]


def _audit(attempt: dict[str, Any] | None) -> dict[str, Any] | None:
    from mesh_defs.contracts.audit import Audit
    from mesh_defs.contracts.reports import verdict_json

    if attempt is None:
        return None
    audit = Audit.from_json(attempt["audit"])
    return {
        "status": attempt["status"],
        "audited_at": attempt["audited_at"],
        "run_id": attempt["run_id"],
        "rows": audit.rows,
        "verdicts": [verdict_json(v) for v in audit.verdicts],
    }


def _plain(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in found.items() if value not in ([], ())}
