"""One product as a page on a terminal; nothing is looked up here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesh_defs.cli.levels import say_levels
from mesh_defs.cli.say import count, moment, plain, rules, status, table
from mesh_defs.cli.verdicts import say_verdicts

if TYPE_CHECKING:
    from rich.console import Console


def say_page(console: Console, data: dict[str, Any]) -> None:
    console.print(
        f"[bold]{data['product']}[/bold] {data['version']}, {standing(data)}: "
        f"{plain(data['title'])}"
    )
    for name in ("purpose", "usage", "limitations"):
        if data[name]:
            said = " ".join(str(data[name]).split())
            console.print(plain(said) if name == "purpose" else f"{name}: {plain(said)}")
    console.print()
    _say_facts(console, data)
    _say_contract(console, data)
    _say_ports(console, data)
    _say_history(console, data)
    _say_audit(console, data)


def standing(data: dict[str, Any]) -> str:
    """`active`, `deprecated, ends on 2027-01-01`."""
    return f"{data['status']}, ends on {data['ends']}" if data["ends"] else str(data["status"])


def _say_facts(console: Console, data: dict[str, Any]) -> None:
    owner, price = data["owner"], data["price"] or {}
    head = f"{owner['owner']}, " if owner["owner"] else ""
    facts = {
        "owner": f"{head}{owner['team']} <{owner['email']}>",
        "support": ", ".join(f"{s.get('channel')} {s.get('url', '')}" for s in data["support"]),
        "price": " ".join(
            str(price[k]) for k in ("priceAmount", "priceCurrency") if price.get(k) is not None
        )
        + (f" a {price['priceUnit']}" if price.get("priceUnit") else ""),
        "roles": ", ".join(
            f"{r.get('role')} ({r['access']})" if r.get("access") else str(r.get("role"))
            for r in data["roles"]
        ),
        "notice": data["notice_period"],
        "contract": f"{data['contract']['id']} ({data['contract']['file']})",
        "beside": ", ".join(
            f"{v['product']} {v['version']} ({standing(v)})" for v in data["other_versions"]
        ),
        "reads": ", ".join(f"{p['name']} v{p['version']}" for p in data["input_ports"]),
        "read by": ", ".join(data["consumers"]),
    }
    for name, said in facts.items():
        if name in ("beside", "roles") and not said:
            continue
        console.print(f"[dim]{name:<9}[/dim] {plain(said)}")


def _say_contract(console: Console, data: dict[str, Any]) -> None:
    columns = table("column", "type", "", "class", "meaning")
    for c in data["contract"]["columns"]:
        marks = ["key"] * c["key"] + ["required"] * c["required"]
        columns.add_row(
            plain(c["name"]),
            plain(c["type"]),
            ", ".join(marks),
            plain(c["classification"]),
            plain(" ".join((c["description"] or "").split())),
        )
    console.print("\n[bold]Columns[/bold]")
    console.print(columns)
    rules = table("rule", "promised", "severity")
    for r in data["contract"]["rules"]:
        rules.add_row(plain(r["rule"]), plain(r["promised"]), plain(r["severity"]))
    console.print("\n[bold]Rules[/bold]")
    console.print(rules)
    if data["service_levels"]:
        say_levels(console, data["service_levels"])


def _say_ports(console: Console, data: dict[str, Any]) -> None:
    made = table("port", "kind", "snapshot", "status", "verified (UTC)", "location")
    for p in data["ports"]:
        made.add_row(
            plain(p["name"]),
            plain(p["kind"]),
            plain(p["snapshot"]),
            status(p["status"]),
            moment(p["verified_at"]),
            plain(p["location"]),
        )
    console.print("\n[bold]Ports[/bold]")
    console.print(made)
    for p in data["ports"]:
        held = [rule for rule in p["rules"] if rule["holds"]]
        of_them = f"{len(held)} of {len(p['rules'])} rules on it hold" if p["rules"] else ""
        said = "; ".join(filter(None, (p["error"] or p["note"], of_them)))
        if said:
            console.print(f"{plain(p['name'])}: {plain(said)}", soft_wrap=True)


def _say_history(console: Console, data: dict[str, Any]) -> None:
    if not data["history"]:
        console.print("\nNever published.")
        return
    made = table(
        "snapshot", "published (UTC)", "rows", "rules", "contract", "code", "run", "made from",
        numbers=("snapshot", "rows"),
    )  # fmt: skip
    for h in data["history"]:
        made.add_row(
            str(h["snapshot"]),
            moment(h["published_at"]),
            count(h["rows"]),
            rules(h),
            plain(h["contract_version"]),
            plain((h["code"] or "")[:8]),
            plain((h["run_id"] or "")[:8]),
            plain(", ".join(f"{source}: {n}" for source, n in h["inputs"].items())),
        )
    console.print("\n[bold]Snapshots[/bold], newest first")
    console.print(made)


def _say_audit(console: Console, data: dict[str, Any]) -> None:
    audit = data["audit"]
    if audit is None:
        return
    console.print(
        f"\n[bold]Last audit[/bold] {moment(audit['audited_at'])} UTC, {status(audit['status'])}"
    )
    say_verdicts(console, audit["verdicts"], all_of_them=False)
