"""The entries, the head that their writers move, and triggers that refuse to change them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXTS = ("subject", "event", "at", "who", "side", "why", "data", "previous", "hash")
# Against accidents: whoever owns the database can drop them, and then the chain tells.
_LITE = """
CREATE TRIGGER mesh_ledger_no_{verb} BEFORE {verb} ON mesh_ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION mesh_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
"""
_TRIGGER = """
CREATE TRIGGER mesh_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mesh_ledger
FOR EACH STATEMENT EXECUTE FUNCTION mesh_ledger_refuse()
"""


def upgrade() -> None:
    op.create_table(
        "mesh_ledger",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
    )
    op.create_index("mesh_ledger_subject", "mesh_ledger", ["subject"])
    head = op.create_table(
        "mesh_ledger_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_LITE.format(verb=verb))
    else:
        op.execute(_FUNCTION)
        op.execute(_TRIGGER)
