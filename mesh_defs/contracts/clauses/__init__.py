"""From a contract's text to clauses: what each promises, as data; nothing is checked here."""
