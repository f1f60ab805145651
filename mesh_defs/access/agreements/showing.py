"""An agreement as plain data, for programs and pages; nothing is looked up or decided here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mesh_defs.access.agreements.agreement import Agreement
from mesh_defs.access.agreements.rules import possible_now


def summary(agreement: Agreement, granted: bool) -> dict[str, Any]:
    """A line of a list. `granted` is what was read back from the port just now."""
    ends = agreement.notice_ends
    return {
        "id": agreement.id,
        "product": agreement.product,
        "port": agreement.port,
        "kind": agreement.kind,
        "version": agreement.version,
        "consumer": agreement.consumer,
        "purpose": agreement.purpose,
        "state": str(agreement.state),
        "since": agreement.since.isoformat(),
        "notice_ends": ends.isoformat() if ends else None,
        "until": agreement.until.isoformat() if agreement.until else None,
        "granted": granted,
        "permission": str(agreement.permission),
        "error": agreement.error,
        "waiting_for": list(agreement.waiting_for),
    }


def whole(agreement: Agreement, granted: bool, now: datetime) -> dict[str, Any]:
    """Everything about one agreement."""
    day, renewal = agreement.reassess_on, agreement.renewal
    return {
        **summary(agreement, granted),
        "why": agreement.why,
        "requested_by": agreement.requested_by,
        "reassess_on": day.isoformat() if day else None,
        "reassessment_due": bool(day and day <= now.date()),
        "terms": agreement.terms.to_json(),
        "approvals": [
            {"level": a.level, "who": a.who, "at": a.at.isoformat()} for a in agreement.approvals
        ],
        "notices": [
            {"side": str(n.side), "given": n.given.isoformat(), "ends": n.ends.isoformat(),
             "why": n.why}
            for n in agreement.notices
        ],
        "early_end": [
            {"side": str(side), "on": day.isoformat()} for side, day in agreement.offers
        ],
        "announcements": [
            {"change": str(a.change), "on": a.on.isoformat(), "at": a.at.isoformat(), "why": a.why}
            for a in agreement.announcements
        ],
        "renewal": renewal.until.isoformat() if renewal else None,
        "possible": possible_now(agreement, now),
    }  # fmt: skip
