"""The reading service, `mesh serve`: what it grants and counts (`service`), how it is spoken to."""
