"""Where objects come from: files, memory, the API. Invariant: facts in, no decisions."""
