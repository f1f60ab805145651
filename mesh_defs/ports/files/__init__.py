"""Ports that hold a snapshot as files in a bucket or a container: Parquet, and Delta."""
