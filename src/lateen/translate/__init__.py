"""Model structs → Envoy messages, one Envoy subject per file. Invariant: no database, no decisions left."""
