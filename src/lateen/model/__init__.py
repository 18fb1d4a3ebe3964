"""The resolved mesh: what applies to which proxy. Invariant: all of Istio's semantics, none of Envoy's messages."""
