"""How rules are checked on a table: kinds of rules, the queries they ask for, the engine's edge."""
