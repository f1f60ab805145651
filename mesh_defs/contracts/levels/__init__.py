"""Service levels: what they promise, and how they stand by the record of attempts."""
