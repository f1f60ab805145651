"""What a contract means: rules as plain data, one scan, verdicts; who acts on them is elsewhere.

The audit itself is `mesh_defs.contracts.audit.audit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.rules import Rule, check_name, rules_of

if TYPE_CHECKING:
    from mesh_defs.contracts.audit import Audit, Verdict
    from mesh_defs.contracts.markdown import contract_markdown, verdict_lines

__all__ = [
    "Audit",
    "Rule",
    "Verdict",
    "check_name",
    "contract_markdown",
    "rules_of",
    "verdict_lines",
]
_LATER = {
    "Audit": "audit",
    "Verdict": "audit",
    "contract_markdown": "markdown",
    "verdict_lines": "markdown",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f"mesh_defs.contracts.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
