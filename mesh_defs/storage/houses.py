"""Which engine a mesh is made on; what an engine has to do is in `house`."""

from __future__ import annotations

from mesh_defs.storage.house import House
from mesh_defs.storage.state import BIGQUERY, State


def house_of(state: State) -> House:
    """The engine of a mesh. Raises MeshError where what it needs is not said."""
    if state.target == BIGQUERY:
        from mesh_defs.storage.bigquery.house import BigQueryHouse
        from mesh_defs.storage.bigquery.warehouse import Warehouse

        return BigQueryHouse(state, Warehouse.of_environment())
    from mesh_defs.storage.on_duckdb import DuckDBHouse

    return DuckDBHouse(state)
