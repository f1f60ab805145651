"""Static checks of a mesh's files: one function each, grouped by what they look at."""
