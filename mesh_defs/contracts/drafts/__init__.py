"""A first contract from a table: what the table holds, and what to promise of it."""
