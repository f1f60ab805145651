"""Sisters of the ledger: tokens of the reading service, and a row for each read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# A read that has ended is not told anew. Old rows may be removed: who read what is personal, too.
_LITE = """
CREATE TRIGGER mesh_read_told_once BEFORE UPDATE ON mesh_read WHEN OLD.outcome <> 'reading'
BEGIN SELECT RAISE(ABORT, 'a read that has ended is not changed'); END
"""
_FUNCTION = """
CREATE FUNCTION mesh_read_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a read that has ended is not changed'; END $$
"""
_TRIGGER = """
CREATE TRIGGER mesh_read_told_once BEFORE UPDATE ON mesh_read
FOR EACH ROW WHEN (OLD.outcome <> 'reading') EXECUTE FUNCTION mesh_read_refuse()
"""


def upgrade() -> None:
    op.create_table(
        "mesh_token",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("products", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("rotated", sa.Text),
        sa.Column("last_used", sa.Text),
        sa.Column("revoked", sa.Text),
        sa.Column("revoked_by", sa.Text),
    )
    op.create_table(
        "mesh_read",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("agreement", sa.Text),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("snapshot", sa.Integer),
        sa.Column("columns", sa.Text),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("ended", sa.Text),
    )
    op.create_index("mesh_read_product", "mesh_read", ["product", "at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_LITE)
    else:
        op.execute(_FUNCTION)
        op.execute(_TRIGGER)
