"""The BigQuery port: a product as one table there, laid out, labelled and granted."""
