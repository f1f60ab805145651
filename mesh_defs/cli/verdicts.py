"""How verdicts are shown on a terminal; what they are as JSON, XML or Markdown is `contracts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from mesh_defs.contracts.verdicts import Audit
    from mesh_defs.model import DataContract

UNCHECKED = 3  # 2 is a command that was typed wrongly


def say_verdicts(
    console: Console, verdicts: list[dict[str, Any]], all_of_them: bool = True
) -> None:
    """A line for each rule; under one that failed, rows that broke it."""
    from json import dumps

    from rich.padding import Padding

    from mesh_defs.cli.say import plain, status, table

    made = table("", "rule", "found")
    for v in verdicts:
        if not all_of_them and v["outcome"] == "passed":
            continue
        softly = v["outcome"] == "failed" and v["severity"] != "error"
        word = f"[yellow]{v['severity']}[/yellow]" if softly else _word(v["outcome"])
        made.add_row(word, plain(v["rule"]), plain(v["found"]))
        if v["outcome"] != "passed":
            made.add_row("", "", f"[dim]promised: {plain(v['promised'])}[/dim]")
        for example in v["examples"]:
            said = dumps(example, ensure_ascii=False, default=str)
            made.add_row("", "", f"[dim]{plain(said)}[/dim]")
    if made.row_count:
        console.print(Padding(made, (0, 0, 0, 2), expand=False))
    elif verdicts:
        console.print(f"  {status('passed')}: all {len(verdicts)} rules")


def said_of(audit: Audit) -> str:
    """The last line: whether the contract holds, and how many rules came to what."""
    from mesh_defs.contracts.reports import conclusion, summary

    colour = "red" if not audit.holds else "yellow" if audit.not_executable else "green"
    return f"[{colour}]{conclusion(audit)}[/{colour}]: {summary(audit)}, {audit.seconds:.1f} s."


def levels_aside(contract: DataContract) -> str:
    """Which service levels were not looked at, because no table tells them."""
    from mesh_defs.contracts.levels.promises import not_audited

    named = not_audited(contract.odcs)
    if not named:
        return ""
    those = "this service level" if len(named) == 1 else "these service levels"
    return f"No table tells {those}: {', '.join(named)}. `mesh show` does, of a published product."


def ports_aside(contract: DataContract) -> str:
    """Which rules were not judged, because they are about what a port makes of the rows."""
    from mesh_defs.contracts.port_rules import port_rules

    named = ", ".join(rule.id for rule in port_rules(contract))
    return f"Judged when the port is made: {named}. `mesh show` tells." if named else ""


def exit_code(audit: Audit) -> int:
    """1 if a rule of severity error failed; 3 if none did, but not every rule could be checked."""
    return 1 if not audit.holds else UNCHECKED if audit.not_executable else 0


def _word(outcome: str) -> str:
    from mesh_defs.cli.say import status

    return "[yellow]unchecked[/yellow]" if outcome == "not_executable" else status(outcome)
