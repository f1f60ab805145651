"""Rules with a schedule of their own: which wait, because their time has not come since they held.

A quality clause may say `schedule` (cron, in UTC). Its rule is checked when it never was, when it
did not hold the last time, or when its schedule has come since. Otherwise it waits, and its verdict
says so: it is not executed, and never counts as passed. What is remembered between two audits is
plain data; whoever audits keeps it. Another `scheduler` than cron cannot be asked: its rules are
checked every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.verdicts import NOT_EXECUTABLE, PASSED

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality

    from mesh_defs.contracts.rules import Rule
    from mesh_defs.contracts.verdicts import Verdict

Checks = Mapping[str, Mapping[str, Any]]
"""Rule id → when it was last checked (`at`), what came out (`outcome`), what was found (`found`)"""


def schedule_of(quality: DataQuality) -> dict[str, str]:
    """What a rule keeps of its clause's schedule. Raises ValueError for one that is not cron."""
    if not quality.schedule or (quality.scheduler or "cron").strip().lower() != "cron":
        return {}
    from mesh_defs.model import cron  # not before: the model brings pydantic along

    return {"schedule": cron.checked(quality.schedule.strip())}


def waiting(rules: Iterable[Rule], last: Checks, now: datetime) -> dict[str, str]:
    """The rules that are not due, and what their verdicts say instead.

    A rule that sends rows to quarantine never waits: what is published depends on it.
    """
    from mesh_defs.model import cron

    found = {}
    for rule in rules:
        known = last.get(rule.id)
        if "schedule" not in rule.params or "quarantine" in rule.params or known is None:
            continue
        at = datetime.fromisoformat(known["at"]).astimezone(UTC)
        due = cron.following(rule.params["schedule"], at)
        if known["outcome"] == PASSED and now < due:
            found[rule.id] = (
                f"not due before {due:%Y-%m-%d %H:%M} UTC; "
                f"passed on {at:%Y-%m-%d %H:%M}: {known['found']}"
            )
    return found


def checks(verdicts: Iterable[Verdict], last: Checks, now: datetime) -> dict[str, dict[str, Any]]:
    """What to remember after an audit, of the rules that have a schedule."""
    found = {}
    for verdict in verdicts:
        rule = verdict.rule
        if "schedule" not in rule.params:
            continue
        if verdict.outcome != NOT_EXECUTABLE:
            found[rule.id] = {
                "at": now.astimezone(UTC).isoformat(),
                "outcome": verdict.outcome,
                "found": verdict.found,
            }
        elif rule.id in last:
            found[rule.id] = dict(last[rule.id])
    return found
