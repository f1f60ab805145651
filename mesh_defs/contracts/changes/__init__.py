"""What changed between two versions of a contract and what it is to consumers; pure, no engine.

Who those consumers are, and whether they may be broken, is judged in `governance.impact`.
"""

from mesh_defs.contracts.changes.change import Change
from mesh_defs.contracts.changes.diff import compare, descriptor_diff, diff
from mesh_defs.contracts.changes.kinds import KINDS, Kind, Level
from mesh_defs.contracts.changes.versions import Bump, after, made, needed

__all__ = [
    "KINDS",
    "Bump",
    "Change",
    "Kind",
    "Level",
    "after",
    "compare",
    "descriptor_diff",
    "diff",
    "made",
    "needed",
]
