"""The ledger: an append-only record in which each entry carries the hash of the one before.

What an entry means is for those who write it; here it is kept, chained and proven.
"""

from mesh_defs.storage.ledger.chain import GENESIS, Draft, Head, Record, Wrong, digest, verify
from mesh_defs.storage.ledger.engine import Unreachable
from mesh_defs.storage.ledger.sisters import ReadRow, Sisters, TokenRow
from mesh_defs.storage.ledger.store import Ledger, Overtaken

__all__ = [
    "GENESIS",
    "Draft",
    "Head",
    "Ledger",
    "Overtaken",
    "ReadRow",
    "Record",
    "Sisters",
    "TokenRow",
    "Unreachable",
    "Wrong",
    "digest",
    "verify",
]
