"""When an agreement was open to be read, and at which prices: told by its entries, in order. Pure.

What stands now is in `folding`; what is owed for it, in `costing.charges`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from mesh_defs.access.agreements.agreement import Agreement, Entry, end_of
from mesh_defs.access.agreements.folding import apply
from mesh_defs.access.agreements.states import Change


def open_spans(entries: Iterable[Entry]) -> list[tuple[datetime, datetime | None]]:
    """From when to when one agreement might be read. A clock that runs out needs no entry; what it
    is to run out at stands at the end of the last span, also where that is yet to come."""
    found: list[tuple[datetime, datetime | None]] = []
    agreement: Agreement | None = None
    since: datetime | None = None
    for entry in entries:
        if since is not None and agreement is not None:
            over = _over(agreement)
            if over is not None and over <= entry.at:
                found.append((since, over))
                since = None
        agreement = apply(agreement, entry)
        is_open = agreement.open_to_read(entry.at)
        if is_open and since is None:
            since = entry.at
        elif not is_open and since is not None:
            found.append((since, entry.at))
            since = None
    if since is not None and agreement is not None:
        found.append((since, _over(agreement)))
    return found


def agreed_prices(
    entries: Iterable[Entry], announced: str | None, unknown: str
) -> list[tuple[date, str | None]]:
    """From which day on which price counts, the first from ever; None for none.

    `announced` is what a price that was announced has become, which is the contract's own by then;
    which one it was before the last that was announced, nobody wrote down: `unknown`.
    """
    agreement: Agreement | None = None
    agreed: list[tuple[date, str | None]] = []
    for entry in entries:
        before, agreement = agreement, apply(agreement, entry)
        if before is None or before.terms.price != agreement.terms.price:
            agreed.append((entry.at.date() if before else date.min, agreement.terms.price))
    changes = [] if agreement is None else [
        a.on for a in agreement.announcements if a.change is Change.PRICE
    ]  # fmt: skip
    for on in sorted(set(changes)):
        agreed.append((on, announced if on == max(changes) else unknown))
    return sorted(agreed, key=lambda each: each[0])


def _over(agreement: Agreement) -> datetime | None:
    ends = [agreement.notice_ends, end_of(agreement.until) if agreement.until else None]
    return min((end for end in ends if end is not None), default=None)
