"""The heart: candidate, audit, snapshot in every port; and where a snapshot came from."""
