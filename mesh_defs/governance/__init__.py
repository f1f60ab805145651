"""Global rules as code, and lineage."""
