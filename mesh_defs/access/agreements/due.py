"""What an agreement waits for from the platform: a grant, a revoke, or that it is closed. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from mesh_defs.access.agreements.agreement import Agreement
from mesh_defs.access.agreements.states import OVER, Permission, State

_HELD = (Permission.PROVISIONING, Permission.GRANTED, Permission.DEPROVISIONING)


class Step(StrEnum):
    GRANT = "grant"
    REVOKE = "revoke"
    CLOSE = "close"


def due(agreement: Agreement, now: datetime) -> Step | None:
    """The next step. Taken or not, access follows `Agreement.open_to_read` at once."""
    over = agreement.over(now)
    leaving = agreement.state in (State.SUSPENDED, State.WITHDRAWN)
    if agreement.permission in _HELD and (over or leaving) and agreement.state not in _CLOSED:
        return Step.REVOKE
    if over and agreement.state not in OVER:
        # A request that nobody decided about can only expire: nobody can give notice of it.
        return Step.CLOSE
    return Step.GRANT if agreement.state is State.APPROVED else None


_CLOSED = (State.ENDED, State.REJECTED, State.EXPIRED)
