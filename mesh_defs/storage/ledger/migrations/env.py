"""Run by Alembic for each upgrade; the connection, and its transaction, are the caller's."""

from alembic import context

from mesh_defs.storage.ledger.engine import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
