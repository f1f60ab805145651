"""One module a kind of output port, all with the same few verbs."""
