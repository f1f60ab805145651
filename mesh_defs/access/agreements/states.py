"""The words of an agreement's life: states, events, sides, and what may happen in which state.

Only words and tables; what an event does is in `folding`, when it is refused in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    ACTIVE = "active"
    NOTICE_GIVEN = "notice given"
    SUSPENDED = "suspended"
    ENDED = "ended"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Permission(StrEnum):
    """How far the permission on the port is: the sub-state that a failed grant stays visible in."""

    NONE = "none"
    PROVISIONING = "provisioning"
    GRANTED = "granted"
    DEPROVISIONING = "deprovisioning"
    REVOKED = "revoked"


class Side(StrEnum):
    CONSUMER = "consumer"
    PROVIDER = "provider"
    GOVERNANCE = "governance"
    PLATFORM = "platform"


class Change(StrEnum):
    """What a provider announces."""

    BREAKING = "breaking"
    PRICE = "price"
    RETIREMENT = "retirement"


class Event(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    GRANTED = "granted"
    GRANT_FAILED = "grant failed"
    GRANT_LOST = "grant lost"
    REVOKED = "revoked"
    REVOKE_FAILED = "revoke failed"
    CANCELLED = "cancelled"
    EARLY_END_OFFERED = "early end offered"
    ANNOUNCED = "announced"
    RENEWAL_REQUESTED = "renewal requested"
    REASSESSED = "reassessed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    ENDED = "ended"
    EXPIRED = "expired"


BINDING = (State.APPROVED, State.ACTIVE, State.NOTICE_GIVEN, State.SUSPENDED)
"""Both sides are bound: whoever wants out gives notice."""
OVER = (State.ENDED, State.REJECTED, State.WITHDRAWN, State.EXPIRED)

_ENDING = (Event.REVOKED, Event.REVOKE_FAILED, Event.ENDED, Event.EXPIRED)
_LEAVING = (Event.CANCELLED, Event.EARLY_END_OFFERED, Event.ANNOUNCED, Event.SUSPENDED)
POSSIBLE: Mapping[State, tuple[Event, ...]] = {
    State.REQUESTED: (Event.APPROVED, Event.REJECTED, Event.WITHDRAWN, Event.EXPIRED),
    State.APPROVED: (
        Event.GRANTED, Event.GRANT_FAILED, Event.WITHDRAWN, *_LEAVING, *_ENDING,
    ),
    State.ACTIVE: (
        *_LEAVING, Event.RENEWAL_REQUESTED, Event.APPROVED, Event.REJECTED, Event.REASSESSED,
        Event.GRANT_LOST, *_ENDING,
    ),
    State.NOTICE_GIVEN: (*_LEAVING, Event.GRANT_LOST, *_ENDING),
    State.SUSPENDED: (
        Event.RESUMED, Event.CANCELLED, Event.EARLY_END_OFFERED, Event.ANNOUNCED, *_ENDING,
    ),
    State.WITHDRAWN: (Event.REVOKED, Event.REVOKE_FAILED),
    State.ENDED: (),
    State.REJECTED: (),
    State.EXPIRED: (),
}  # fmt: skip
"""What may happen in a state at all; `rules` says under which conditions, and by whom."""

BY: Mapping[Event, tuple[Side, ...]] = {
    Event.REQUESTED: (Side.CONSUMER,),
    Event.APPROVED: (Side.PROVIDER,),
    Event.REJECTED: (Side.PROVIDER,),
    Event.WITHDRAWN: (Side.CONSUMER,),
    Event.CANCELLED: (Side.CONSUMER, Side.PROVIDER),
    Event.EARLY_END_OFFERED: (Side.CONSUMER, Side.PROVIDER),
    Event.ANNOUNCED: (Side.PROVIDER,),
    Event.RENEWAL_REQUESTED: (Side.CONSUMER,),
    Event.REASSESSED: (Side.PROVIDER,),
    Event.SUSPENDED: (Side.GOVERNANCE,),
    Event.RESUMED: (Side.GOVERNANCE,),
    Event.GRANTED: (Side.PLATFORM,),
    Event.GRANT_FAILED: (Side.PLATFORM,),
    Event.GRANT_LOST: (Side.PLATFORM,),
    Event.REVOKED: (Side.PLATFORM,),
    Event.REVOKE_FAILED: (Side.PLATFORM,),
    Event.ENDED: (Side.PLATFORM,),
    Event.EXPIRED: (Side.PLATFORM,),
}

COMMANDS: Mapping[Event, str] = {
    Event.REQUESTED: "request",
    Event.APPROVED: "approve",
    Event.REJECTED: "reject",
    Event.WITHDRAWN: "withdraw",
    Event.CANCELLED: "cancel",
    Event.EARLY_END_OFFERED: "cancel --early",
    Event.ANNOUNCED: "announce",
    Event.RENEWAL_REQUESTED: "renew",
    Event.REASSESSED: "renew --reassess",
    Event.SUSPENDED: "suspend",
    Event.RESUMED: "resume",
}
"""What a person does for it; the rest the platform does by itself, when its time has come."""
