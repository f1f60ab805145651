"""Sources and the landing: what comes from outside, into Delta."""
