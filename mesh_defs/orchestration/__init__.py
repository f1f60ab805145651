"""Dagster, and only here; nothing in this room knows a domain by name."""
