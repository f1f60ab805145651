"""The only place where a connection is opened or a file of ours is written."""
