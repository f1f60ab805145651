"""Which engine stands behind what an audit is given; what an engine is, is in `engine`."""

from __future__ import annotations

from typing import Any

from mesh_defs.contracts.scan.bigquery import BigQueryEngine
from mesh_defs.contracts.scan.engine import DuckDBEngine, Engine


def engine_for(connection: Any) -> Engine:
    """The engine of an open DuckDB connection or a client of BigQuery; one that is given stays."""
    if hasattr(connection, "dialect"):
        engine: Engine = connection
        return engine
    # Google's client, which must not be imported to be told.
    is_bigquery = hasattr(connection, "query_and_wait")
    return BigQueryEngine(connection) if is_bigquery else DuckDBEngine(connection)
