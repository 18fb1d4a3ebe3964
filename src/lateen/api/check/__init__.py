"""One module per kind: check(object) → findings about that object alone."""
