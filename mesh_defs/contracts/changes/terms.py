"""Changes of what is agreed beside the data: price, notice, people, roles, status, address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mesh_defs.contracts.changes.change import Both, Change, Element
from mesh_defs.contracts.changes.pairing import by, own_id, paired
from mesh_defs.contracts.changes.softness import custom
from mesh_defs.model.period import Period

NOTICE = "noticePeriod"
# What an agreement stands on, by how firmly it promises something.
_STATUS = {"retired": 0, "draft": 1, "proposed": 1, "deprecated": 2, "active": 3}
# From what everybody may see to what few may.
_CLASSES = {
    name: rank
    for rank, names in enumerate(
        (("public", "open"), ("internal",), ("confidential", "private"),
         ("restricted", "sensitive", "secret"))
    )
    for name in names
}  # fmt: skip
_SERVER_WORDS = ("id", "description", "environment", "roles", "customProperties")


def terms(contract: Both) -> Iterator[Change]:
    """Changes of a contract, or of a descriptor, that are not about its schema."""
    for field in ("id", "domain", "dataProduct", "tenant"):
        if contract.differ(field):
            yield contract.field("identity.changed", field)
    yield from _status(contract)
    yield from _description(contract)
    yield from _price(contract)
    yield from _notice(contract)
    yield from _roles(contract, "roles")
    yield from _support(contract)
    yield from _servers(contract)
    if contract.differ("team"):
        yield contract.change("team.changed", "team")
    yield from customs(contract, (NOTICE,))


def customs(holder: Both, known: Sequence[str]) -> Iterator[Change]:
    """Changes of custom properties that nothing else compares."""
    for was, now in paired(*holder.value("customProperties"), (by("property"), own_id)):
        name = str((was or now or {}).get("property"))
        if name in known:
            continue
        item = holder.below(was, now, f"customProperties.{name}", f"customProperties.{name}")
        if item.differ("value") or was is None or now is None:
            yield item.change("custom.changed", "", *item.value("value"))
        elif any(item.differ(field) for field in ("id", "description", "vendor")):
            yield item.change("words.changed", "", *item.value("description"))


def _status(contract: Both) -> Iterator[Change]:
    if not contract.differ("status"):
        return
    was, now = (_STATUS.get(str(s).lower()) for s in contract.value("status"))
    if was is None or now is None:
        kind = "other.changed"
    elif now > was:
        kind = "status.promised"
    elif str(contract.new["status"]).lower() == "deprecated":
        kind = "status.deprecated"
    else:
        kind = "status.ended" if was > now else "words.changed"
    yield contract.field(kind, "status")


def _description(contract: Both) -> Iterator[Change]:
    about = contract.below(
        contract.old.get("description"), contract.new.get("description"), "description",
        "description",
    )  # fmt: skip
    for field in sorted({*about.old, *about.new} - {"customProperties"}):
        if about.differ(field):
            terms_of_use = field in ("usage", "limitations")
            yield about.field("terms.changed" if terms_of_use else "words.changed", field)
    yield from customs(about, ())


def _price(contract: Both) -> Iterator[Change]:
    old, new = contract.value("price")
    price = contract.below(old, new, "price", "price")
    was, now = (_amount(p) for p in (old, new))
    if old and new:
        for field in ("priceCurrency", "priceUnit"):
            # Nothing stays nothing, in whatever currency.
            if price.differ(field):
                yield price.field("price.changed" if was or now else "words.changed", field)
        if price.differ("id"):
            yield price.field("words.changed", "id")
    if was == now and bool(old) == bool(new):
        return
    if now is None:
        yield price.field("price.withdrawn", "priceAmount")
    elif was is None:
        kind = "price.raised" if now else "words.changed"
        yield price.field(kind, "priceAmount")
    else:
        yield price.field("price.raised" if now > was else "price.lowered", "priceAmount")


def _amount(price: Element | None) -> float | None:
    amount = (price or {}).get("priceAmount")
    return None if amount is None else float(amount)


def _notice(contract: Both) -> Iterator[Change]:
    was, now = (custom(e, NOTICE) for e in (contract.old, contract.new))
    if was == now:
        return
    try:
        before, after = (Period.parse(str(p)) if p else Period() for p in (was, now))
    except ValueError:
        kind = "notice.changed"
    else:
        kind = "notice.shorter" if after.may_be_shorter(before) else "notice.longer"
    yield contract.change(kind, f"customProperties.{NOTICE}", was, now)


def _roles(holder: Both, field: str) -> Iterator[Change]:
    for was, now in paired(*holder.value(field), (own_id, by("role"))):
        names = [f"{field}.{(e or {}).get('role')}" for e in (was or now, now or was)]
        role = holder.below(was, now, *names)
        if now is None:
            yield role.change("role.removed", old=(was or {}).get("role"))
            continue
        if was is None:
            yield role.change("role.added", new=now.get("role"))
            continue
        for name in sorted({*role.old, *role.new} - {"customProperties"}):
            if role.differ(name):
                yield role.field(_ROLE_FIELDS.get(name, "words.changed"), name)
        yield from customs(role, ())


_ROLE_FIELDS = {
    "role": "role.removed",
    "access": "role.access",
    "firstLevelApprovers": "role.approvers",
    "secondLevelApprovers": "role.approvers",
}


def _support(contract: Both) -> Iterator[Change]:
    for was, now in paired(*contract.value("support"), (own_id, by("channel"), by("url"))):
        names = [f"support.{(e or {}).get('channel')}" for e in (was or now, now or was)]
        channel = contract.below(was, now, *names)
        if was is None or now is None:
            kind = "support.added" if was is None else "support.removed"
            yield channel.change(kind, "", (was or {}).get("url"), (now or {}).get("url"))
            continue
        for field in sorted({*channel.old, *channel.new}):
            if channel.differ(field):
                moved = field in ("channel", "url", "tool")
                yield channel.field("support.removed" if moved else "words.changed", field)


def _servers(contract: Both) -> Iterator[Change]:
    for was, now in paired(*contract.value("servers"), (own_id, by("server"))):
        names = [f"servers.{(e or {}).get('server')}" for e in (was or now, now or was)]
        server = contract.below(was, now, *names)
        if was is None or now is None:
            yield server.change("server.added" if was is None else "server.removed")
            continue
        for field in sorted({*server.old, *server.new} - {"roles", "customProperties"}):
            if server.differ(field):
                words = field in _SERVER_WORDS
                yield server.field("words.changed" if words else "server.changed", field)
        yield from _roles(server, "roles")
        yield from customs(server, ())


def classification(element: Both) -> Iterator[Change]:
    """A column's class: more sensitive is a burden on everybody who made something of it."""
    if not element.differ("classification"):
        return
    was, now = (_rank(c) for c in element.value("classification"))
    raised = now is None or was is None or now > was
    kind = "classification.raised" if raised else "classification.lowered"
    if was == now and was is not None:
        kind = "words.changed"
    yield element.field(kind, "classification")


def _rank(name: Any) -> int | None:
    """None for a word that nobody here can put in order; a column without a class is public."""
    text = str(name or "public").strip().lower()
    return int(text) if text.isdigit() else _CLASSES.get(text)
