"""The lifecycle of agreements: a pure state machine over entries; no clock, no file, no database.

Decide (`deciding`) on what was folded (`folding`) under the rules (`rules`); append; fold again.
"""

from mesh_defs.access.agreements.agreement import LAKE, Agreement, Entry, Terms, end_of
from mesh_defs.access.agreements.deciding import Actor, Request
from mesh_defs.access.agreements.due import Step, due
from mesh_defs.access.agreements.folding import EMPTY, Book, apply, fold
from mesh_defs.access.agreements.rules import Refused, check, possible_now
from mesh_defs.access.agreements.states import Change, Event, Permission, Side, State

__all__ = [
    "EMPTY",
    "LAKE",
    "Actor",
    "Agreement",
    "Book",
    "Change",
    "Entry",
    "Event",
    "Permission",
    "Refused",
    "Request",
    "Side",
    "State",
    "Step",
    "Terms",
    "apply",
    "check",
    "due",
    "end_of",
    "fold",
    "possible_now",
]
