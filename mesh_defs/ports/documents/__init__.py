"""Ports for people to look at: what they show is declared in YAML, and made of a snapshot."""
