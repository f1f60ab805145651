"""What a contract's words mean for its agreements: who approves, how long a notice runs; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mesh_defs.access.agreements.agreement import Terms
from mesh_defs.model import DataContract, MeshError
from mesh_defs.model.period import Period

if TYPE_CHECKING:
    from open_data_contract_standard.model import Role

NOTICE = "noticePeriod"
REASSESSMENT = "reassessmentPeriod"
APPROVAL = "accessApproval"
AUTOMATIC = "automatic"


def terms_of(contract: DataContract, team: str, role: str | None = None) -> Terms:
    """The terms of a contract today, for one of its roles.

    Levels are those of the role's approvers; where it names none, the provider's team approves.
    Raises MeshError where the contract has several roles to read as and none is said, or where a
    period in it can't be read.
    """
    chosen = _role(contract, role)
    return Terms(
        contract=contract.id,
        version=contract.version,
        approvers=_levels(contract, team, chosen),
        notice=_period(contract, NOTICE),
        reassessment=_period(contract, REASSESSMENT),
        price=price_of(contract),
        role=chosen.role if chosen else None,
    )


def price_of(contract: DataContract) -> str | None:
    """`3 EUR month`, or None where the contract says none."""
    price = contract.odcs.price
    said = [price.priceAmount, price.priceCurrency, price.priceUnit] if price else []
    return " ".join(str(part) for part in said if part is not None) or None


def _levels(contract: DataContract, team: str, chosen: Role | None) -> tuple[tuple[str, ...], ...]:
    if contract.custom(APPROVAL) == AUTOMATIC:
        return ()
    given = (chosen.firstLevelApprovers, chosen.secondLevelApprovers) if chosen else ()
    levels = [names for text in given if (names := _names(text))]
    # Nobody approves twice: a level that only repeats the one before is none.
    kept = [names for i, names in enumerate(levels) if i == 0 or names != levels[i - 1]]
    return tuple(kept) or ((team,),)


def _role(contract: DataContract, wanted: str | None) -> Role | None:
    roles = contract.odcs.roles or []
    readers = [r for r in roles if (r.access or "read").strip().lower() == "read"]
    known = ", ".join(f"`{r.role}`" for r in readers) or "none"
    if wanted is not None:
        found = next((r for r in readers if r.role == wanted), None)
        if found is None:
            raise MeshError(f"{contract.id} has no role `{wanted}` to read as. It has {known}.")
        return found
    if len(readers) > 1:
        raise MeshError(
            f"{contract.id} has several roles to read as: {known}. Say which: `--role NAME`."
        )
    return readers[0] if readers else None


def _names(text: Any) -> tuple[str, ...]:
    return tuple(name.strip() for name in re.split(r"[,;]", str(text or "")) if name.strip())


def _period(contract: DataContract, name: str) -> str | None:
    given = contract.custom(name)
    if given is None:
        return None
    try:
        Period.parse(str(given))
    except ValueError as error:
        raise MeshError(
            f"{contract.source.shown}: customProperties {name}: {error}. `mesh validate` shows it."
        ) from None
    return str(given)
