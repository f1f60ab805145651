"""Who may read what, and the one way to read it."""
