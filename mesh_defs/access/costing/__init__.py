"""What products cost to make and to read, and what consumers owe by their agreements.

Pure: `accounts` has jobs of BigQuery, `charges` prices of contracts. `gathering` brings both what
they need, from the mesh's files, its ledger and BigQuery.
"""
