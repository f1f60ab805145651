"""The PostgreSQL port: a product as a view there, and who may read it."""
