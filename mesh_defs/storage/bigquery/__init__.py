"""BigQuery: the only place where its client is opened, and a mesh that is made there."""
