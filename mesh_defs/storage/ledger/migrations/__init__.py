"""The ledger's schema, step by step (Alembic); what is read and written is in `store`."""
