"""What a contract means: rules as plain data, one scan, verdicts; who acts on them is elsewhere.

The audit itself, which needs an engine, is `mesh_defs.contracts.audit.audit`.
"""

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.markdown import contract_markdown, verdict_lines
from mesh_defs.contracts.rules import Rule, check_name
from mesh_defs.contracts.verdicts import Audit, Verdict

__all__ = [
    "Audit",
    "Rule",
    "Verdict",
    "check_name",
    "contract_markdown",
    "rules_of",
    "verdict_lines",
]
