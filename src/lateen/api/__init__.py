"""Istio's and Kubernetes' objects as frozen structs, one module per kind. Invariant: no I/O, no defaults applied."""
