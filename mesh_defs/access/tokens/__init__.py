"""Tokens of the reading service: what one is (`token`), who makes and ends them (`keyring`)."""
